use super::*;
use crate::common::{allocate, in_child};
use std::sync::{Mutex, PoisonError};

/// These tests meddle with the turns, which are one for the process.
static ALONE: Mutex<()> = Mutex::new(());

const ENABLED: Option<&str> = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");

fn post(body: &[u8], config: &Config) -> Result<Response<Vec<u8>>, Problem> {
    posted(Output::Folded, || Ok(body), config)
}

#[test]
fn a_panic_is_an_answer_and_the_next_is_drawn() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Err(problem) = guarded(|| panic!("as the test wants it")) else { panic!("no answer") };
    assert_eq!((problem.status(), problem.code()), (StatusCode::INTERNAL_SERVER_ERROR, "render-failed"));
    assert!(post(b"a;b 1\n", &Config::default()).is_ok());
}

#[test]
fn few_posted_dumps_wait_their_bodies_unread_and_the_rest_are_told() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let unread = || -> Result<&[u8], Problem> { panic!("read before its turn") };
    let turn = POSTED.take();
    std::thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..MOST_WAITING).map(|_| scope.spawn(|| post(b"a;b 1\n", &Config::default()))).collect();
        while POSTED.waiting() < MOST_WAITING {
            std::thread::yield_now();
        }
        let problem = posted(Output::Folded, unread, &Config::default()).unwrap_err();
        assert_eq!((problem.status(), problem.code()), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
        assert!(problem.into_response().headers().contains_key(RETRY_AFTER));
        drop(turn);
        for drawn in waiting {
            assert_eq!(drawn.join().unwrap().unwrap().body(), b"a;b 1\n");
        }
    });
}

#[test]
fn a_slow_body_keeps_nobody_elses_drawing_waiting() {
    in_child("render::tests::a_slow_body_keeps_nobody_elses_drawing_waiting", ENABLED, || {
        let slow = || -> Result<&[u8], Problem> {
            assert!(own(Output::Folded, &Config::default()).is_ok());
            Ok(b"a;b 1\n")
        };
        assert!(posted(Output::Folded, slow, &Config::default()).is_ok());
    });
}

#[test]
fn callers_at_the_same_time_share_a_drawing() {
    in_child("render::tests::callers_at_the_same_time_share_a_drawing", ENABLED, || {
        let live = allocate(10);
        for output in [Output::Flamegraph, Output::Folded, Output::Json, Output::Proto] {
            let number = || {
                let response = own(output, &Config::default()).unwrap();
                response.headers()["heaplens-dump"].to_str().unwrap().to_owned()
            };
            let turn = DRAWING.take();
            let numbers: Vec<String> = std::thread::scope(|scope| {
                let callers: Vec<_> = (0..8).map(|_| scope.spawn(number)).collect();
                while flight(output).waiting() < 7 {
                    std::thread::yield_now();
                }
                drop(turn);
                callers.into_iter().map(|caller| caller.join().unwrap()).collect()
            });
            assert!(numbers.iter().all(|number| *number == numbers[0]), "{output:?}: {numbers:?}");
            assert_ne!(number(), numbers[0], "a later caller gets a fresh one");
        }
        drop(live);
    });
}

#[test]
fn a_forked_child_draws_while_its_parent_does() {
    in_child("render::tests::a_forked_child_draws_while_its_parent_does", ENABLED, || {
        let (_alone, _turn) = (POSTED.take(), DRAWING.take());
        assert!(crate::common::in_fork(|| post(b"a;b 1\n", &Config::default()).is_ok()));
    });
}

#[test]
fn what_passes_the_cap_is_given_up_with_words() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let stacks: String = (0..20_000).map(|i| format!("a{i};b{i};c{i} 1\n")).collect();
    let refused = |memory: u64, output: Output| {
        let config = Config::default().drawing_memory(memory);
        let drawn = posted(output, || Ok(stacks.as_bytes()), &config);
        drawn.err().map(|problem| (problem.status(), problem.code(), problem.into_response()))
    };
    assert!(refused(512 << 20, Output::Folded).is_none());
    let (status, code, response) = refused(1 << 20, Output::Folded).unwrap();
    assert_eq!((status, code), (StatusCode::INSUFFICIENT_STORAGE, "drawing-too-large"));
    let words = String::from_utf8_lossy(response.body()).into_owned();
    assert!(words.contains("1048576 bytes") && words.contains("drawing_memory"), "{words}");
}

#[test]
fn what_a_stage_freed_is_given_back_before_the_next() {
    in_child("render::tests::what_a_stage_freed_is_given_back_before_the_next", None, || {
        let pages = apart::run(|| {
            std::hint::black_box(vec![1u8; 8 << 20]);
            let before = apart::free_pages();
            assert!(within(&Config::default()).is_ok());
            (before, apart::free_pages())
        });
        assert!(
            matches!(pages, Some((Some(before), Some(after))) if before >= 2_048 && after < 64),
            "{pages:?}"
        );
    });
}

#[test]
fn what_is_too_large_once_unpacked_is_too_large() {
    use std::io::Write;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&b"main;work 1\n".repeat(1_000)).unwrap();
    let packed = packed.finish().unwrap();
    let refused = |most: usize| {
        let drawn = post(&packed, &Config::default().posted_dump(most));
        drawn.err().map(|problem| (problem.status(), problem.code()))
    };
    assert_eq!(refused(12_000), None);
    assert_eq!(refused(11_999), Some((StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")));
}

#[test]
fn the_answer_counts_too() {
    use std::io::Write;
    let mut body = Body { bytes: Vec::new(), most: 10 };
    assert!(body.write_all(b"0123456").is_ok() && !body.is_full());
    assert!(body.write_all(b"7890").is_err() && body.is_full());
}
