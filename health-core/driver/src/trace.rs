//! Requests as events of `tracing`.

use health_core::server::RequestRecord;
use tracing::{Level, event};

/// Emits a finished exchange as an event: target `health::request`, level `WARN` for a failure
/// and `INFO` for any other, the fields of [`RequestRecord`] under their own names.
///
/// Pass it to [`Service::log_requests`](health_core::server::Service::log_requests):
/// `service.log_requests(RequestLog::Failures, trace_request)`.
pub fn trace_request(record: &RequestRecord<'_>) {
    macro_rules! emit {
        ($level:expr) => {
            event!(
                target: "health::request",
                $level,
                peer = %record.peer,
                method = record.method,
                path = record.path,
                status = record.status.as_u16(),
                bytes = record.bytes,
                duration_us = record.duration.as_micros() as u64,
                request_id = record.request_id,
                delivered = record.delivered,
                close = record.close.map(tracing::field::debug),
            )
        };
    }
    // The level of an event has to be a constant.
    if record.is_failure() {
        emit!(Level::WARN);
    } else {
        emit!(Level::INFO);
    }
}
