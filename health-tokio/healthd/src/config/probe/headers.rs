//! Reads the headers of a request, whose values may be in the environment or in files, and TLS.

use health_core::check::probe::{ClientIdentity, Tls, Trust};

use crate::config::header_files::read_value;
use crate::config::reader::{Item, Result};

/// `{Name = "value"}`, or a list of `{name, value}`; instead of the value, the variable of the
/// environment or the file it is in.
pub(super) fn headers(item: &Item<'_>) -> Result<Vec<(String, String)>> {
    if item.is_table() {
        let table = item.table()?;
        let entries = table.entries();
        let headers = entries.map(|(name, value)| Ok((name.to_owned(), secret(&value)?)));
        return headers.collect();
    }
    let items = item.list()?.into_iter();
    let headers = items.map(|item| {
        let table = item.table()?;
        let name = table.either(&["name", "key"])?;
        let name = name.ok_or_else(|| table.lacks("name is missing"))?;
        let value = secret(&table.need("value")?)?;
        let name = name.text()?.to_owned();
        table.finish()?;
        Ok((name, value))
    });
    headers.collect()
}

fn secret(item: &Item<'_>) -> Result<String> {
    if let Some(text) = item.value().as_str() {
        // An empty value removes a default header of the probe, as in a pod's manifest.
        return Ok(text.to_owned());
    }
    if !item.is_table() {
        return Err(item.wrong_secret("allowed is a text, {env = \"NAME\"} or {file = \"PATH\"}"));
    }
    let table = item.table()?;
    let (env, file) = (table.get("env"), table.get("file"));
    table.finish()?;
    match (env, file) {
        (Some(env), None) => {
            let name = env.text()?;
            std::env::var(name).map_err(|_| env.wrong("no such variable"))
        }
        (None, Some(file)) => read_value(file.text()?).map_err(|error| file.wrong(error)),
        _ => Err(item.wrong_secret("allowed is one of: env, file")),
    }
}

pub(super) fn tls(item: &Item<'_>) -> Result<Tls> {
    let table = item.table()?;
    let text = |name| -> Result<Option<Box<str>>> {
        let item = table.get(name);
        Ok(item.map(|item| item.text()).transpose()?.map(Into::into))
    };
    let (ca, cert, key) = (text("ca")?, text("cert")?, text("key")?);
    let server_name = text("server_name")?;
    let insecure = table.get("insecure").map(|it| it.flag()).transpose()?;
    let trust = match (insecure.unwrap_or(false), ca) {
        (true, Some(_)) => return Err(table.lacks("ca and insecure exclude each other")),
        (true, None) => Trust::Insecure,
        (false, Some(file)) => Trust::CaFile(file),
        (false, None) => Trust::System,
    };
    let identity = match (cert, key) {
        (Some(cert), Some(key)) => Some(ClientIdentity::new(cert, key)),
        (None, None) => None,
        _ => return Err(table.lacks("cert and key belong together")),
    };
    table.finish()?;
    let mut tls = Tls::default();
    (tls.trust, tls.server_name, tls.identity) = (trust, server_name, identity);
    Ok(tls)
}
