//! A dispatch, and opening what it is asked of, allocate nothing.

#![expect(unsafe_code, reason = "only an allocator can count allocations; it hands all to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use janus_cache::format::{LocalType, TableView};
use janus_cache::image::{GlobalType, ImageView};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator with the arguments it came with; the counter
// needs no destructor and no allocation of its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `work` runs.
fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

fn vector(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/format-spec/vectors/");
    std::fs::read(format!("{folder}{name}")).expect("a golden vector")
}

#[test]
fn the_counter_counts() {
    let found = allocations(|| drop(std::hint::black_box(Box::new(1))));
    assert_eq!(found, 1);
}

#[test]
fn opening_a_table_and_dispatching_allocate_nothing() {
    for name in ["single.jdt", "linear.jdt", "dag.jdt", "ambiguous.jdt", "wide.jdt", "arity8.jdt"] {
        let bytes = vector(name);
        let args = [LocalType(0); 8];
        let found = allocations(|| {
            let table = TableView::open(&bytes).expect("opens");
            let args = &args[..usize::from(table.header().arity)];
            table.dispatch(args).expect("answers");
            table.local_type("geo::Circle").expect("readable");
        });
        assert_eq!(found, 0, "{name}");
    }
}

#[test]
fn opening_an_image_and_dispatching_allocate_nothing() {
    let bytes = vector("shared.jdi");
    let found = allocations(|| {
        let image = ImageView::open(&bytes).expect("opens");
        let scale = image.family("geo::scale", 2).expect("readable").expect("is there");
        let circle = image.type_id("geo::Circle").expect("readable").expect("is there");
        scale.dispatch(&[circle, GlobalType::OTHER]).expect("answers");
    });
    assert_eq!(found, 0);
}
