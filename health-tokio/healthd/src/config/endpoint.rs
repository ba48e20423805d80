//! Reads what every program with an endpoint is told about it: address, token, names of the host.

use std::net::SocketAddr;

use health_core::server::Service;

use super::reader::{Result, Table};

pub(super) fn listen(table: &Table<'_>) -> Result<Option<SocketAddr>> {
    let item = table.get("listen");
    let address = item.map(|item| {
        let address = item.text()?.parse();
        address.map_err(|_| item.wrong("allowed is ADDRESS:PORT"))
    });
    address.transpose()
}

pub(super) fn token(table: &Table<'_>) -> Result<Option<String>> {
    let item = table.get("token");
    item.map(|it| it.text().map(str::to_owned)).transpose()
}

pub(super) fn allow_hosts(table: &Table<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if let Some(list) = table.get("allow_hosts") {
        for item in list.list()? {
            let name = item.text()?;
            if Service::new().allow_hosts([name]).is_err() {
                return Err(item.wrong("allowed is the name of a host, without a port"));
            }
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
