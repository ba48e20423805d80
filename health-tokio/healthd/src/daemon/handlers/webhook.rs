//! A request of one's own: the document itself, or what a template makes of it.

use serde_json::Value;

use super::Request;
use crate::config::Webhook;
use crate::store::OutboxRow;

pub(super) fn request(settings: &Webhook, row: &OutboxRow) -> Result<Request, String> {
    let body = match &settings.body {
        None if settings.method == "GET" => String::new(),
        None => row.document.to_string(),
        Some(template) => {
            let document: Value =
                serde_json::from_str(&row.document).map_err(|error| error.to_string())?;
            template.render(&document)?
        }
    };
    let mut request = Request {
        method: settings.method.clone(),
        url: settings.url.reveal()?,
        headers: Vec::new(),
        body,
        secrets: Vec::new(),
    };
    request = request.header("Idempotency-Key", row.notice.to_string());
    for (name, value) in &settings.headers {
        let value = value.reveal()?;
        request = request.header(name, value.clone()).hiding(value);
    }
    let is_type = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
    if !request.headers.iter().any(is_type) && !request.body.is_empty() {
        request = request.header("Content-Type", "application/json".to_owned());
    }
    Ok(request)
}
