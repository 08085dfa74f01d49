//! The macro's configuration is the one that jemalloc reads.
#![cfg(feature = "jemalloc")]

mod common;

use common::{ask, in_child, json};
use heaplens_agent::Agent;

heaplens_agent::jemalloc!("prof:true,prof_active:false,lg_prof_sample:17");

#[test]
fn profiling_is_ready_without_any_environment() {
    in_child("profiling_is_ready_without_any_environment", None, || {
        let status = json(&ask(&Agent::new(), "GET", "/debug/prof/mem/status", ""));
        assert_eq!((&status["state"], &status["lg_sample"]), (&"inactive".into(), &17.into()));
    });
}

#[test]
fn the_environment_overrides_what_is_compiled_in() {
    let conf = Some("MALLOC_CONF=prof_active:true,lg_prof_sample:12");
    in_child("the_environment_overrides_what_is_compiled_in", conf, || {
        let status = json(&ask(&Agent::new(), "GET", "/debug/prof/mem/status", ""));
        assert_eq!((&status["state"], &status["lg_sample"]), (&"active".into(), &12.into()));
    });
}
