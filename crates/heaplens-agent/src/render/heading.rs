//! The line below the headline of a graph: which process, when.

use heaplens::out::units;
use heaplens::trailer::Trailer;

/// `server, process 7 on db7, 2026-08-21 17:45:03 UTC`; `None` if the trailer has none of these.
pub(super) fn of(trailer: &Trailer) -> Option<String> {
    let program =
        trailer.exe.as_deref().and_then(|exe| exe.rsplit('/').next()).filter(|name| !name.is_empty());
    let process = match (trailer.pid, trailer.host.as_deref()) {
        (Some(pid), Some(host)) => Some(format!("process {pid} on {host}")),
        (Some(pid), None) => Some(format!("process {pid}")),
        (None, host) => host.map(|host| format!("on {host}")),
    };
    let parts = [program.map(str::to_owned), process, trailer.time_ms.map(units::utc)];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_and_the_time_are_told_as_far_as_known() {
        let whole = Trailer {
            exe: Some("/opt/bin/server".into()),
            pid: Some(7),
            host: Some("db7".into()),
            time_ms: Some(951_827_696_000),
            ..Trailer::default()
        };
        assert_eq!(of(&whole).as_deref(), Some("server, process 7 on db7, 2000-02-29 12:34:56 UTC"));
        let part = Trailer { exe: Some("/".into()), time_ms: Some(0), ..Trailer::default() };
        assert_eq!(of(&part).as_deref(), Some("1970-01-01 00:00:00 UTC"));
        assert_eq!(of(&Trailer::default()), None);
    }
}
