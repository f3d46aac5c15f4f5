//! The store beside a map: any order of puts, commits, drops, reopens and reads gives the same answers.

mod store_kit;

use std::collections::HashMap;

use janus_cache::fs::FileAccess;
use janus_cache::store::{Session, Store, StoreOptions};
use proptest::prelude::*;
use store_kit::*;

#[derive(Clone, Debug)]
enum Step {
    Put(u32, Vec<u8>),
    Publish,
    Commit,
    Drop,
    Reopen(bool),
    Get(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_u32..12, prop::collection::vec(0_u8..3, 0..120)).prop_map(|(key, bytes)| Step::Put(key, bytes)),
        1 => Just(Step::Publish),
        2 => Just(Step::Commit),
        1 => Just(Step::Drop),
        1 => any::<bool>().prop_map(Step::Reopen),
        6 => (0_u32..12).prop_map(Step::Get),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_store_answers_as_a_map_does(steps in prop::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let options = |access| StoreOptions {
            access,
            loose_above_bytes: 60,
            publish_after_ns: u64::MAX,
            ..options(dir.path())
        };
        let mut store = Store::open(options(FileAccess::Map)).expect("opened");
        let mut session: Option<Session> = None;
        let (mut published, mut held) = (HashMap::new(), HashMap::<u32, Vec<u8>>::new());
        for step in steps {
            match step {
                Step::Put(number, bytes) => {
                    let session = session.get_or_insert_with(|| store.session().expect("a session"));
                    put_content(session, number, &bytes);
                    // A second answer in one session publishes the first one.
                    if held.get(&number).is_some_and(|other| *other != bytes) {
                        published.extend(held.drain());
                    }
                    held.insert(number, bytes);
                }
                Step::Publish => if let Some(session) = &session {
                    session.publish_now().expect("published");
                    published.extend(held.drain());
                },
                Step::Commit => if let Some(session) = session.take() {
                    session.commit().expect("committed");
                    published.extend(held.drain());
                },
                Step::Drop => {
                    session = None;
                    held.clear();
                }
                Step::Reopen(mapped) => {
                    session = None;
                    held.clear();
                    let access = if mapped { FileAccess::Map } else { FileAccess::Read };
                    store = Store::open(options(access)).expect("opened");
                }
                Step::Get(number) => {
                    prop_assert_eq!(get(&store, number).ok(), published.get(&number).cloned());
                }
            }
        }
        for number in 0..12 {
            prop_assert_eq!(get(&store, number).ok(), published.get(&number).cloned());
        }
        drop(session);
        prop_assert!(store.validate(false).expect("validated").is_sound());
    }
}
