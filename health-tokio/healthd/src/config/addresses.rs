//! Which addresses the monitor connects to: whoever may add a target may otherwise have it ask whatever only
//! this machine can reach.

use health_core::Cidr;
use health_core::check::probe::AddressPolicy;

use super::reader::{Item, Result};

/// Everything but the addresses where clouds keep the credentials of a machine, the link-local ones among
/// them.
pub(crate) fn by_default() -> AddressPolicy {
    AddressPolicy::new().deny(AddressPolicy::METADATA)
}

/// `{allow = […], deny = […]}` of blocks and of names of some. What is allowed is allowed alone, and
/// what is denied is denied all the same; without either, it is as [`by_default`].
pub(super) fn read(item: &Item<'_>) -> Result<AddressPolicy> {
    let table = item.table()?;
    let (allow, deny) = (table.get("allow"), table.get("deny"));
    table.finish()?;
    if allow.is_none() && deny.is_none() {
        return Ok(by_default());
    }
    let blocks = |item: Option<Item<'_>>| -> Result<Vec<Cidr>> {
        let items = item.map(|item| item.list()).transpose()?;
        let blocks = items.into_iter().flatten().map(|item| block(&item));
        Ok(blocks.collect::<Result<Vec<_>>>()?.concat())
    };
    let is_closed = allow
        .as_ref()
        .is_some_and(|it| it.value().as_array().is_some_and(Vec::is_empty));
    if let (true, Some(item)) = (is_closed, &allow) {
        // An empty list would allow everything.
        return Err(item.wrong("allowed is at least one block"));
    }
    Ok(AddressPolicy::new()
        .allow(blocks(allow)?)
        .deny(blocks(deny)?))
}

fn block(item: &Item<'_>) -> Result<Vec<Cidr>> {
    Ok(match item.text()? {
        "link-local" => AddressPolicy::LINK_LOCAL.into(),
        "metadata" => AddressPolicy::METADATA.into(),
        "private" => AddressPolicy::PRIVATE.into(),
        "this-host" => AddressPolicy::THIS_HOST.into(),
        text => {
            let allowed =
                "allowed is a block as 10.0.0.0/8, or link-local, metadata, private, this-host";
            vec![text.parse().map_err(|_| item.wrong(allowed))?]
        }
    })
}
