//! The image reader.

use janus_cache::format::{FileCodec, Optimization, Outcome};
use janus_cache::image::inspect::{FileKind, inspect};
use janus_cache::image::{
    FamilyView, GlobalType, ImageView, MAX_DECODED_BYTES, compress_image, decompress_image,
};

use crate::seal;
use crate::tables::{Asked, MOST_ASKED, must};

/// Images above this are not compressed on the way.
const MOST_COMPRESSED_BYTES: usize = 4 << 10;

/// Opens, proves, asks and inspects an image: `data` as it is, and sealed.
///
/// # Panics
/// As [`crate::table`], for each family; and where a proved image does not find a type or a family by
/// its name.
pub fn image(data: &[u8]) {
    look_at(data);
    if let Some(sealed) = seal::IMAGES.plain(data) {
        look_at(&sealed);
    }
}

fn look_at(bytes: &[u8]) {
    let inspection = inspect(FileKind::Image, bytes);
    let Ok(image) = ImageView::open(bytes) else {
        // What is in a codec is looked into, and opened only once it is decoded.
        let opens_decoded =
            decompress_image(bytes, MAX_DECODED_BYTES).is_ok_and(|plain| ImageView::open(&plain).is_ok());
        assert!(
            !inspection.is_sound() || opens_decoded,
            "the inspection finds nothing in what does not open"
        );
        return;
    };
    let proved = image.verify().is_ok();
    if proved {
        // The inspection tells of all families; a scan among them uses no classes that it may have.
        let scans = (0..image.family_count()).filter_map(|index| image.family_at(index).ok()).any(|family| {
            matches!(family.core().optimization(), Optimization::Single | Optimization::Linear)
                && family
                    .further_pieces()
                    .is_ok_and(|pieces| pieces.iter().any(|piece| piece.tag == *b"CLAS"))
        });
        let missed = inspection.problems.iter().find(|problem| problem.what.starts_with("CLAS: type"));
        assert!(scans || missed.is_none(), "the proof takes {missed:?}");
    }
    must(proved, image.name());
    for global in (0..image.type_count().min(MOST_ASKED)).map(GlobalType) {
        let named = image.type_info(global).map(|(name, _)| image.type_id(name));
        if proved {
            assert_eq!(named, Ok(Ok(Some(global))), "a type is found by its name");
        }
    }
    assert!(image.family_at(image.family_count()).is_err(), "a family behind the last");
    for index in 0..image.family_count().min(MOST_ASKED) {
        match image.family_at(index) {
            Ok(family) => ask(&image, index, &family, proved),
            // A family of a rule that this version does not know is no damage.
            Err(error) => must(proved && !error.to_string().contains("rule"), Err::<(), _>(error)),
        }
    }
    if bytes.len() <= MOST_COMPRESSED_BYTES {
        for codec in [FileCodec::Columnar, FileCodec::Lz4] {
            let small = compress_image(bytes, codec).expect("it opens");
            let again = decompress_image(&small, bytes.len() as u64);
            assert_eq!(again.as_deref(), Ok(bytes), "{codec:?} gives back what it got");
        }
    }
}

fn ask(image: &ImageView<'_>, index: u32, family: &FamilyView<'_>, proved: bool) {
    let found = family.name().and_then(|name| image.family(name, family.arity()));
    if proved {
        let row = found.map(|found| found.map(|found| std::ptr::from_ref(found.row())));
        assert_eq!(row, Ok(Some(std::ptr::from_ref(family.row()))), "family {index} is found by its name");
    }
    must(proved, family.type_signature());
    must(proved, family.further_pieces());
    let asked =
        Asked { core: family.core(), rule: family.rule(), proved, ambiguous: family.may_be_ambiguous() };
    asked.all(family.arity(), family.row().type_count.get(), |entry| {
        must(proved, family.entry(entry));
        must(proved, family.place(entry));
        must(proved, family.pattern_names(entry));
    });
    let arity = usize::from(family.arity());
    for global in (0..image.type_count().min(MOST_ASKED)).map(GlobalType).chain([GlobalType::OTHER]) {
        let answer = family.dispatch(&vec![global; arity]);
        must(proved, answer);
        if let Ok(Outcome::Method(entry)) = answer {
            assert!(entry.0 < family.core().entry_count(), "{entry:?} is no entry");
        }
        let local = family.local_type(global);
        if proved && let Some(back) = family.global_type(local) {
            assert_eq!(back, global, "a type map goes both ways");
        }
    }
}
