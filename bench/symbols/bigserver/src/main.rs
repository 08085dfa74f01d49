//! A program with gigabytes of debug information: runs SQL on datafusion and writes jemalloc's heap profile.
//!
//! `bigserver dump OUT STATEMENTS ROUNDS` runs the SQL statements of a file ROUNDS times, keeps what they gave, and
//! writes a dump. `bigserver serve STATEMENTS ROUNDS` serves the agent's endpoints instead, on a port that its first
//! line names, until standard input ends, from which it takes `inside`'s commands.
//!
//! The sampling rate comes from `MALLOC_CONF`.

mod queries;

use std::ffi::{CString, c_char};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match args[..] {
        ["dump", out, statements, rounds] => {
            let kept =
                runtime.block_on(queries::run(&std::fs::read_to_string(statements)?, rounds.parse()?))?;
            dump(out)?;
            drop(kept);
            Ok(())
        }
        #[cfg(feature = "server")]
        ["serve", statements, rounds] => {
            let kept =
                runtime.block_on(queries::run(&std::fs::read_to_string(statements)?, rounds.parse()?))?;
            serve()?;
            drop(kept);
            Ok(())
        }
        _ => Err("usage: bigserver dump OUT STATEMENTS ROUNDS | bigserver serve STATEMENTS ROUNDS".into()),
    }
}

fn dump(out: &str) -> Result<()> {
    let path = CString::new(out)?;
    let mut name = path.as_ptr();
    // SAFETY: `prof.dump` takes a pointer to a C string, which lives until the end of the call.
    let code = unsafe {
        tikv_jemalloc_sys::mallctl(
            c"prof.dump".as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            (&raw mut name).cast(),
            size_of::<*const c_char>(),
        )
    };
    match code {
        0 => Ok(()),
        _ => Err(format!("prof.dump failed with {code}; start with MALLOC_CONF=prof:true").into()),
    }
}

#[cfg(feature = "server")]
fn serve() -> Result<()> {
    let listener = heaplens_agent::listen("127.0.0.1:0")?;
    println!("listening on http://{}", listener.local_addr());
    inside::answer()?;
    Ok(())
}
