//! How far is proving that nothing changed from asking the system for each file at all?
//!
//! 10,000 files in 100 directories, checked by two threads. The floor is the same two threads with the same
//! system calls and nothing else: open each directory, one `statx` a name. The floor of opening a seal is
//! one CRC-32 over its bytes.

#[path = "support/ratios.rs"]
mod ratios;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use janus_cache::digest::crc32;
use janus_cache::fs::{DirHandle, Links};
use janus_cache::track::{
    CheckOptions, FileTime, Seal, SealBuilder, Selection, Verdict, check, read_input_in, scan,
};

const DIRS: usize = 100;
const FILES_IN_DIR: usize = 100;
const THREADS: usize = 2;

fn grow(root: &Path) {
    for dir in 0..DIRS {
        let dir = root.join(format!("module_{dir:03}"));
        std::fs::create_dir(&dir).expect("made");
        for file in 0..FILES_IN_DIR {
            std::fs::write(dir.join(format!("source_{file:03}.jan")), format!("func f{file}()"))
                .expect("written");
        }
    }
}

fn sealed(root: &Path, cache: &Path) -> Vec<u8> {
    let began = FileTime::probe(cache, root).expect("probed");
    let selection = Selection { extensions: vec!["jan".to_owned()], ..Selection::default() };
    let found = scan(root, &selection);
    let handle = DirHandle::open(root).expect("opened");
    let mut builder = SealBuilder::new(selection);
    builder.scan(&found);
    for path in found.files() {
        let input = read_input_in(&handle, &path, Links::Refuse, 1 << 20).expect("readable");
        builder.file(&path, Links::Refuse, &input.seen);
    }
    builder.finish(&began).expect("small")
}

#[cfg(target_os = "linux")]
fn bare(root: &Path, dirs: &[(std::ffi::CString, Vec<std::ffi::CString>)]) -> usize {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags, openat, statx};
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = openat(CWD, root, flags, Mode::empty()).expect("opened");
    let wanted =
        StatxFlags::TYPE | StatxFlags::SIZE | StatxFlags::MTIME | StatxFlags::CTIME | StatxFlags::INO;
    std::thread::scope(|scope| {
        let look = |dirs: &[(std::ffi::CString, Vec<std::ffi::CString>)]| {
            let mut found = 0;
            for (dir, names) in dirs {
                let dir = openat(&root, dir.as_c_str(), flags, Mode::empty()).expect("opened");
                for name in names {
                    let tuple = statx(&dir, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW, wanted);
                    found += usize::from(black_box(tuple.expect("is there")).stx_size > 0);
                }
            }
            found
        };
        let (front, back) = dirs.split_at(dirs.len() / THREADS);
        let other = scope.spawn(move || look(front));
        look(back) + other.join().expect("no panic")
    })
}

#[cfg(target_os = "linux")]
fn main() {
    use std::os::unix::ffi::OsStrExt;
    let mut criterion = ratios::criterion();
    let root = tempfile::tempdir().expect("a temporary folder");
    let cache = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (root.path(), cache.path());
    grow(root);
    std::thread::sleep(Duration::from_millis(100));
    let bytes = sealed(root, cache);
    let seal = Seal::open(&bytes).expect("whole");
    let text = |path: &Path| std::ffi::CString::new(path.as_os_str().as_bytes()).expect("no zero byte");
    let dirs: Vec<_> = seal
        .dirs()
        .map(|dir| {
            let names = dir.files().filter_map(|file| file.name().map(text)).collect();
            (text(dir.path().filter(|path| *path != Path::new("")).unwrap_or(Path::new("."))), names)
        })
        .collect();
    let threads = NonZeroUsize::new(THREADS).expect("not zero");
    let options = CheckOptions { threads, probe_dir: Some(cache) };

    let name = "check of 10,000 files";
    let mut group = criterion.benchmark_group(name);
    group.sample_size(30).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group.bench_function("bare statx", |bencher| bencher.iter(|| bare(root, &dirs)));
    group.bench_function("check", |bencher| {
        bencher.iter(|| {
            let seal = Seal::open(&bytes).expect("whole");
            let verdict = check(root, &seal, &options).verdict;
            assert_eq!(verdict, Verdict::Unchanged { wants_refresh: false });
        });
    });
    group.finish();
    ratios::print_ratios(name, "bare statx", &["bare statx", "check"]);

    let name = "open of their seal";
    let mut group = criterion.benchmark_group(name);
    group.sample_size(30).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    group.bench_function("crc32", |bencher| bencher.iter(|| crc32(black_box(&bytes))));
    group.bench_function("open", |bencher| {
        bencher.iter(|| Seal::open(black_box(&bytes)).expect("whole").name_count());
    });
    group.finish();
    ratios::print_ratios(name, "crc32", &["crc32", "open"]);
    ratios::print_throughput(name, bytes.len(), &["crc32", "open"]);
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("the floor of this bench is a system call of Linux");
}
