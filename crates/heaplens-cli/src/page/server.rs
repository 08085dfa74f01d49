//! The page from a local server, which gives values of captures as they are asked for.
//!
//! Only programs of this machine that know the random part of the address get an answer: it listens on loopback, looks at
//! Host and Origin (so that a web page cannot reach it under a name of its own), changes nothing, and tells browsers that
//! the page runs nothing and fetches nothing but its own files.

use super::assets;
use anyhow::{Context, bail};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use heaplens::out::page::Page;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Tried one after the other unless a port is given.
const PORTS: std::ops::Range<u16> = 3000..3100;

/// Bytes of the secret.
const SECRET: usize = 24;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A page that is served.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    site: Site,
}

/// What is served, and to whom.
#[derive(Debug)]
struct Site {
    page: Page,
    title: String,
    secret: String,
    port: u16,
    /// Where the page's files are read from instead, by those who work on them.
    ui_dir: Option<PathBuf>,
}

/// A file and its type.
type Answer = Result<(&'static str, Vec<u8>), (StatusCode, &'static str)>;

impl Server {
    /// Listens on loopback.
    ///
    /// # Errors
    /// If the port, or every one that is tried, is taken, or the system gives no random numbers.
    pub(crate) fn bind(
        page: Page,
        title: String,
        port: Option<u16>,
        ui_dir: Option<PathBuf>,
    ) -> anyhow::Result<Server> {
        let listener = listen(port)?;
        let address = listener.local_addr()?;
        let mut random = [0; SECRET];
        getrandom::fill(&mut random).context("no random numbers for the address")?;
        let secret = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Server { listener, address, site: Site { page, title, secret, port: address.port(), ui_dir } })
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}/", self.address, self.site.secret)
    }

    /// Answers until the user interrupts it.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        self.listener.set_nonblocking(true)?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let router = Router::new().fallback(answer).with_state(Arc::new(self.site));
            axum::serve(listener, router)
                .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
                .await
        })?;
        Ok(())
    }
}

fn listen(port: Option<u16>) -> anyhow::Result<TcpListener> {
    if let Some(port) = port {
        let what = || format!("listening on port {port}; choose another one with --port");
        return TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(what);
    }
    match PORTS.into_iter().find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()) {
        Some(listener) => Ok(listener),
        None => bail!(
            "no port between {} and {} can be listened on; choose another one with --port",
            PORTS.start,
            PORTS.end - 1
        ),
    }
}

async fn answer(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    let answer = site.answer(request.method(), request.uri().path(), request.headers());
    let (status, kind, body) = match answer {
        Ok((kind, body)) => (StatusCode::OK, kind, body),
        Err((status, why)) => (status, "text/plain; charset=utf-8", format!("{why}\n").into_bytes()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}

impl Site {
    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Answer {
        let text = |name| headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap_or("?"));
        if !text(header::HOST).is_some_and(|host| self.is_host(host)) {
            return Err((StatusCode::FORBIDDEN, "this server answers under 127.0.0.1 and localhost only"));
        }
        let is_own = |origin: &str| origin.strip_prefix("http://").is_some_and(|host| self.is_host(host));
        if !text(header::ORIGIN).is_none_or(is_own) {
            return Err((StatusCode::FORBIDDEN, "this server answers its own page only"));
        }
        if ![Method::GET, Method::HEAD].contains(method) {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "there is nothing to change here"));
        }
        let inside = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        let Some(name) = inside.filter(|(secret, _)| self.is_secret(secret)).map(|(_, name)| name) else {
            return Err((StatusCode::NOT_FOUND, "no page; `heaplens view` printed the address"));
        };
        self.file(name).ok_or((StatusCode::NOT_FOUND, "there is no such file"))
    }

    fn is_host(&self, host: &str) -> bool {
        // Browsers leave HTTP's own port out.
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
        ["127.0.0.1", "localhost"].contains(&name) && port.parse() == Ok(self.port)
    }

    /// Takes as long for any guess.
    fn is_secret(&self, guess: &str) -> bool {
        let differences = guess.bytes().zip(self.secret.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        guess.len() == self.secret.len() && differences == 0
    }

    fn file(&self, name: &str) -> Option<(&'static str, Vec<u8>)> {
        let data = "application/octet-stream";
        if name == "data" {
            let mut bytes = Vec::new();
            self.page.write_index(&mut bytes).ok()?;
            return Some((data, bytes));
        }
        if let Some(place) = name.strip_prefix("values/") {
            return Some((data, self.page.values(place.parse().ok()?)?));
        }
        if let Some(place) = name.strip_prefix("threads/") {
            return Some((data, self.page.threads(place.parse().ok()?)?));
        }
        let name = if name.is_empty() { "index.html" } else { name };
        let kind = match Path::new(name).extension()?.to_str()? {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => return None,
        };
        let mut text = match self.on_disk(name) {
            Some(text) => text,
            None => assets::find(name)?.to_owned(),
        };
        if name == "index.html" {
            text = assets::titled(&text, &self.title);
        }
        Some((kind, text.into_bytes()))
    }

    fn on_disk(&self, name: &str) -> Option<String> {
        let path = Path::new(name);
        let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        let file = self.ui_dir.as_ref().filter(|_| is_inside)?.join(path);
        std::fs::read_to_string(file).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heaplens::out::page;
    use heaplens::series::Series;

    fn site() -> Site {
        let page = Page::new(Series::new(), None, &page::Options::default()).unwrap();
        Site { page, title: "a <b>".into(), secret: "5ec7e7".into(), port: 3000, ui_dir: None }
    }

    fn headers(host: &'static str, origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, header::HeaderValue::from_static(host));
        headers.extend(origin.map(|origin| (header::ORIGIN, header::HeaderValue::from_static(origin))));
        headers
    }

    fn status(method: Method, path: &str, headers: &HeaderMap) -> u16 {
        match site().answer(&method, path, headers) {
            Ok(_) => 200,
            Err((status, _)) => status.as_u16(),
        }
    }

    #[test]
    fn only_the_page_itself_is_answered() {
        let own = headers("127.0.0.1:3000", None);
        for path in ["/5ec7e7/", "/5ec7e7/main.js", "/5ec7e7/model.js", "/5ec7e7/data"] {
            assert_eq!(status(Method::GET, path, &own), 200, "{path}");
        }
        for path in ["/", "/5ec7e7", "/5ec7e8/", "/5ec7e/data", "/5ec7e70/data", "/5ec7e7/values/0"] {
            assert_eq!(status(Method::GET, path, &own), 404, "{path}");
        }
        for path in ["/5ec7e7/../main.js", "/5ec7e7//etc/passwd", "/5ec7e7/x.js", "/5ec7e7/types.txt"] {
            assert_eq!(status(Method::GET, path, &own), 404, "{path}");
        }
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert_eq!(status(method, "/5ec7e7/data", &own), 405);
        }
    }

    #[test]
    fn other_names_and_other_pages_are_refused() {
        for host in ["evil.example:3000", "127.0.0.1:3001", "127.0.0.1", "localhost.evil.example:3000", ""] {
            assert_eq!(status(Method::GET, "/5ec7e7/data", &headers(host, None)), 403, "{host}");
        }
        assert_eq!(status(Method::GET, "/5ec7e7/data", &HeaderMap::new()), 403);
        for (origin, wanted) in [
            ("http://localhost:3000", 200),
            ("https://evil.example", 403),
            ("http://localhost:3001", 403),
            ("null", 403),
        ] {
            let headers = headers("localhost:3000", Some(origin));
            assert_eq!(status(Method::GET, "/5ec7e7/data", &headers), wanted, "{origin}");
        }
    }

    #[test]
    fn the_title_is_text() {
        let (_, page) = site().file("").unwrap();
        assert!(String::from_utf8(page).unwrap().contains("<title>a &lt;b&gt;</title>"));
    }
}
