//! An allocator that counts, for tests that claim something allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, with a count of what it was asked for by every thread.
pub(crate) struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory has been asked for so far, reallocations included.
#[allow(dead_code, reason = "a test of one thread asks for that one")]
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::SeqCst)
}

std::thread_local! {
    // Made without memory and never dropped, so the allocator may use it.
    static OWN: Cell<u64> = const { Cell::new(0) };
}

/// How often the calling thread has asked for memory. What the test harness does meanwhile on a
/// thread of its own does not show in it.
#[allow(dead_code, reason = "a test of several threads asks for all of them")]
pub(crate) fn own_allocations() -> u64 {
    OWN.get()
}

fn count() {
    ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
    // A thread that is ending has none any more.
    let _ = OWN.try_with(|own| own.set(own.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `GlobalAlloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `GlobalAlloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
