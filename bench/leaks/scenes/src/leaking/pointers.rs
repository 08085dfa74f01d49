//! Memory that nothing frees any more, or that a callback holds.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Mutex;

use crate::app::{Feature, Request};
use crate::util::lock;

/// A tree whose nodes hold their parents as strongly as their children.
pub(crate) struct Documents;

#[allow(dead_code)]
struct Node {
    text: String,
    parent: RefCell<Option<Rc<Node>>>,
    children: RefCell<Vec<Rc<Node>>>,
}

impl Feature for Documents {
    fn on_request(&self, request: &Request) {
        let text = String::from_utf8_lossy(&request.body);
        std::hint::black_box(parse_tree(&text).children.borrow().len());
    }
}

fn parse_tree(text: &str) -> Rc<Node> {
    let node =
        |text: &str| Node { text: text.to_owned(), parent: RefCell::default(), children: RefCell::default() };
    let root = Rc::new(node("root"));
    for line in text.split(',') {
        let child = Rc::new(node(line));
        *child.parent.borrow_mut() = Some(Rc::clone(&root));
        root.children.borrow_mut().push(child);
    }
    root
}

/// Rows are checked; what is wrong with one is said in a message that is made `'static` by leaking it.
pub(crate) struct Rows;

impl Feature for Rows {
    fn on_request(&self, request: &Request) {
        let mut random = request.random();
        let bad = (0..60).filter(|_| random.chance(0.2)).filter_map(|row| check(row, request).err());
        std::hint::black_box(bad.map(str::len).sum::<usize>());
    }
}

fn check(row: usize, request: &Request) -> Result<(), &'static str> {
    Err(static_message(row, &request.user, "a number was expected; see the description of the columns"))
}

fn static_message(row: usize, user: &str, what: &str) -> &'static str {
    let message =
        format!("row {row} of the upload by {user}: {what}; the row is left out, the others are taken");
    Box::leak(message.into_boxed_str())
}

/// A decoder from a C library, as a raw pointer. When decoding fails it is not closed.
pub(crate) struct Decoders;

struct Decoder {
    window: Vec<u8>,
    table: [u16; 2048],
}

impl Feature for Decoders {
    fn on_request(&self, request: &Request) {
        std::hint::black_box(decode(&request.body, request.random().chance(0.25)).is_ok());
    }
}

fn decode(bytes: &[u8], is_broken: bool) -> Result<usize, &'static str> {
    let decoder = Decoder::open(24 << 10);
    if is_broken {
        return Err("the checksum is wrong");
    }
    // SAFETY: `open` made it of a box, and it is used once.
    let decoder = unsafe { Box::from_raw(decoder) };
    Ok(bytes.len() + decoder.window.len() + usize::from(decoder.table[1]))
}

impl Decoder {
    #[inline(never)]
    fn open(window: usize) -> *mut Decoder {
        Box::into_raw(Box::new(Decoder { window: vec![0; window], table: [7; 2048] }))
    }
}

type Listener = Box<dyn Fn(&str) -> usize + Send>;

/// Where parts of the service hear of what happens in others.
#[derive(Default)]
struct Bus {
    listeners: Mutex<Vec<(u64, Listener)>>,
}

impl Bus {
    fn subscribe(&self, id: u64, listener: impl Fn(&str) -> usize + Send + 'static) {
        lock(&self.listeners).push((id, Box::new(listener)));
    }

    fn unsubscribe(&self, id: u64) {
        lock(&self.listeners).retain(|(other, _)| *other != id);
    }
}

/// Clients that watch a feed, or poll it; only those that poll unsubscribe.
#[derive(Default)]
pub(crate) struct Feed(Bus);

impl Feature for Feed {
    fn on_request(&self, request: &Request) {
        self.watch(request);
        self.poll(request);
    }
}

impl Feed {
    fn watch(&self, request: &Request) {
        let (user, pending) = (request.user.clone(), request.body.repeat(3));
        self.0.subscribe(request.id, move |topic| topic.len() + user.len() + pending.len());
    }

    fn poll(&self, request: &Request) {
        let seen = request.body.clone();
        let id = u64::MAX - request.id;
        self.0.subscribe(id, move |topic| topic.len() + seen.len());
        self.0.unsubscribe(id);
    }
}
