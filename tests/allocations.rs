//! A dispatch, and opening what it is asked of, allocate nothing.

#![expect(unsafe_code, reason = "only an allocator can count allocations; it hands all to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use janus_cache::format::{LocalType, TableView};
use janus_cache::image::{GlobalType, ImageView, InlineCache, OwnType, SharedInlineCache, TypeBinding};

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

#[test]
fn calls_by_own_types_allocate_nothing_with_and_without_inline_caches() {
    let bytes = vector("shared.jdi");
    let binding = TypeBinding::new(ImageView::open(&bytes).expect("opens"));
    for name in ["geo::Circle", "geo::Shape", "plugin::Unheard"] {
        binding.push(name).expect("readable");
    }
    let scale = binding.family("geo::scale", 2).expect("readable").expect("is there");
    let all = || (0..3).flat_map(|a| (0..3).map(move |b| [OwnType(a), OwnType(b)]));
    let found = allocations(|| {
        let (mut few, mut many) = (InlineCache::<2, 4>::new(), InlineCache::<2, 16>::new());
        let (shared_few, shared_many) = (SharedInlineCache::<2, 4>::new(), SharedInlineCache::<2, 16>::new());
        // Misses, then hits, and sites that have seen too much.
        for args in all().chain(all()) {
            scale.dispatch(&args).expect("answers");
            few.dispatch(&scale, &args).expect("answers");
            many.dispatch(&scale, &args).expect("answers");
            shared_few.dispatch(&scale, &args).expect("answers");
            shared_many.dispatch(&scale, &args).expect("answers");
        }
        assert_eq!((few.counts().megamorphic, many.counts().hits), (14, 9));
        scale.dispatch(&[OwnType(9), OwnType(0)]).expect_err("never bound");
    });
    assert_eq!(found, 0);
    let later = binding.push("geo::Circle").expect("readable");
    let once = || assert!(scale.dispatch(&[later, OwnType(0)]).is_ok());
    assert_eq!((allocations(once), allocations(once)), (1, 0), "a type that was loaded later is kept");
}
