//! Large answers, written out as they come.

use super::{Client, MAX_REDIRECTS, explain, redirected, url};
use anyhow::bail;
use std::io::{Read, Write};
use ureq::http::{StatusCode, header};

/// What came of a download.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Download {
    /// All of it, so many bytes.
    Whole(u64),
    NotFound,
    TooLarge,
    Status(StatusCode),
}

impl Client {
    /// The body that a URL answers with 200, unzipped. No more than `cap` bytes of it are taken.
    ///
    /// # Errors
    /// If the server cannot be reached, breaks off, takes too long, or redirects to another one; what `into` says.
    pub(crate) fn download(&self, typed: &str, cap: u64, into: &mut impl Write) -> anyhow::Result<Download> {
        let mut uri = url::parse(typed)?;
        for _ in 0..=MAX_REDIRECTS {
            let mut response = self.authorized(self.agent.get(&uri)).call().map_err(|e| explain(&e))?;
            let status = response.status();
            if status.is_redirection() {
                uri = redirected(&uri, &response)?;
                continue;
            }
            match status {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => return Ok(Download::NotFound),
                other => return Ok(Download::Status(other)),
            }
            let length = response.headers().get(header::CONTENT_LENGTH);
            let length = length.and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
            if length.is_some_and(|length| length > cap) {
                return Ok(Download::TooLarge);
            }
            return copy(&mut response.body_mut().as_reader(), cap, into);
        }
        bail!("more than {MAX_REDIRECTS} redirects, one after another")
    }
}

fn copy(from: &mut impl Read, cap: u64, into: &mut impl Write) -> anyhow::Result<Download> {
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(Download::Whole(size)),
            Ok(count) => count,
            Err(error) => return Err(explain(&ureq::Error::from(error)).context("the answer broke off")),
        };
        size += count as u64;
        if size > cap {
            return Ok(Download::TooLarge);
        }
        into.write_all(&buffer[..count])?;
    }
}
