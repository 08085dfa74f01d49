//! The server's life: listen, serve, maintain the store, stop.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use crate::store::engine::{Engine, EngineOptions};
use crate::{profiling, routes};

/// How often aged buffers are flushed and old segments dropped.
const MAINTENANCE: Duration = Duration::from_millis(250);
/// How long requests may still run after the signal to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(address: SocketAddr, options: EngineOptions) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(address, Arc::new(Engine::new(options))))
}

async fn serve(address: SocketAddr, engine: Arc<Engine>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    announce(listener.local_addr()?)?;

    let stopping = Arc::new(Notify::new());
    let maintenance = tokio::spawn(maintain(Arc::clone(&engine)));
    let app: Router = routes::router(engine).merge(profiling::router());
    let served = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown({
            let stopping = Arc::clone(&stopping);
            async move { stopping.notified().await }
        });
    let mut served = tokio::spawn(async move { served.await });
    tokio::select! {
        result = &mut served => result??,
        _ = async { tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () } } => {
            stopping.notify_one();
            // A client that stalls must not keep the process alive.
            if let Ok(result) = tokio::time::timeout(GRACE, served).await {
                result??;
            }
        }
    }
    maintenance.abort();
    Ok(())
}

/// The first line on stdout, so that a driver can ask for port 0. A driver that does not read is no error.
fn announce(address: SocketAddr) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "listening on http://{address}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

async fn maintain(engine: Arc<Engine>) {
    let mut ticks = tokio::time::interval(MAINTENANCE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        engine.maintain(routes::now());
    }
}
