//! What a server said when it did not give a dump.

use ureq::http::StatusCode;

/// How much of an unknown answer is shown, in bytes.
const SHOWN: usize = 200;

/// One sentence for a status that is not 200 and its body.
pub(super) fn describe(status: StatusCode, body: &[u8]) -> String {
    let said = json_error(body).unwrap_or_else(|| other_text(body));
    let advice = match status.as_u16() {
        _ if said.has_advice => "",
        401 | 403 => "; give --token or set HEAPLENS_TOKEN",
        404 => "; check the path: the agent and GreptimeDB answer at /debug/prof/mem",
        503 => "; try again in a moment",
        _ => "",
    };
    format!("the server answered {status}{}{advice}", said.text)
}

struct Said {
    text: String,
    has_advice: bool,
}

/// `{"error", "why", "fix"}` as the agent answers; GreptimeDB has only the first.
fn json_error(body: &[u8]) -> Option<Said> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let field = |name: &str| json.get(name).and_then(|v| v.as_str());
    let mut text = format!(": {}", field("error")?);
    if let Some(why) = field("why") {
        text += &format!(": {why}");
    }
    if let Some(fix) = field("fix") {
        text += &format!("; {fix}");
    }
    Some(Said { text, has_advice: field("fix").is_some() })
}

fn other_text(body: &[u8]) -> Said {
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let text = if text.is_empty() {
        String::new()
    } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        " with an HTML page".to_owned()
    } else {
        format!(": {text}")
    };
    Said { text, has_advice: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_words_come_first() {
        let of = |status, body: &str| describe(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        assert_eq!(
            of(
                400,
                r#"{"error":"Memory profiling is not enabled","why":"prof:false","fix":"set MALLOC_CONF"}"#
            ),
            "the server answered 400 Bad Request: Memory profiling is not enabled: prof:false; set MALLOC_CONF"
        );
        assert_eq!(
            of(404, "<!DOCTYPE html><title>x"),
            "the server answered 404 Not Found with an HTML page; check the path: the agent and GreptimeDB answer at /debug/prof/mem"
        );
        assert!(of(403, "").ends_with("HEAPLENS_TOKEN"));
        assert!(of(500, &"x".repeat(5000)).len() < 300);
    }
}
