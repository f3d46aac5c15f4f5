//! `janus build --codec`: a smaller image, of which every command says what it says of the plain one.

mod kit;

use kit::{Project, text};

const CODECS: [&str; 3] = ["lz4", "zstd", "columnar"];

/// The example, with an image for each codec; `none.jdi` is mapped.
fn built() -> Project {
    let project = Project::copy_of("arcade");
    for codec in ["none"].iter().chain(&CODECS) {
        let (json, code) = project.build(&["--codec", codec, "--output", &format!("{codec}.jdi")]);
        assert_eq!((code, &json["image_codec"]), (0, &(*codec).into()));
    }
    project
}

fn bytes(project: &Project, name: &str) -> Vec<u8> {
    std::fs::read(project.root().join(name)).expect("an image")
}

#[test]
fn every_command_says_the_same_of_an_image_in_a_codec() {
    let project = built();
    let plain_bytes = bytes(&project, "none.jdi").len();
    let said = |command: &str, image: &str| {
        let args = command.replace("IMAGE", image);
        let output = project.run(&args.split(' ').collect::<Vec<_>>());
        (output.status.code(), text(&output.stdout).replace(image, "IMAGE"), text(&output.stderr))
    };
    for codec in CODECS {
        let image = format!("{codec}.jdi");
        assert!(bytes(&project, &image).len() < plain_bytes / 2, "{codec}");
        for command in [
            "dispatch show IMAGE --format json",
            "dispatch query IMAGE collide Wasp Player",
            "dispatch matrix IMAGE physics::collide --format json",
            "dispatch tree IMAGE physics::collide",
        ] {
            assert_eq!(said(command, &image), said(command, "none.jdi"), "{codec}: {command}");
            assert_eq!(said(command, &image).0, Some(0), "{codec}: {command}");
        }
        let (code, told, _) = said("dispatch diff IMAGE none.jdi", &image);
        assert_eq!((code, told.as_str()), (Some(0), "no difference in 235 families\n"), "{codec}");
        let (code, told, _) = said("dispatch list IMAGE --format json", &image);
        let list: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!((code, list["families"].as_array().map(Vec::len)), (Some(0), Some(235)));
        assert_eq!(list["bytes"], bytes(&project, &image).len(), "the file's size");
    }
}

#[test]
fn a_build_that_changes_nothing_writes_nothing_and_another_codec_is_a_change() {
    let project = Project::copy_of("arcade");
    let is_written = |codec: &str| {
        let json = project.build(&["--codec", codec]).0;
        assert_eq!(json["image_bytes"], bytes(&project, "build/game.jdi").len());
        json["image_written"].as_bool().expect("a truth")
    };
    for codec in CODECS {
        assert!(is_written(codec), "{codec}");
        assert!(!is_written(codec), "{codec}");
    }
    assert!(is_written("none"));
    assert!(!project.build(&[]).0["image_written"].as_bool().expect("a truth"), "none is the default");
}

#[test]
fn the_same_sources_give_the_same_bytes_in_a_codec_wherever_they_are_built() {
    let (one, other) = (built(), built());
    for codec in CODECS {
        let name = format!("{codec}.jdi");
        assert!(bytes(&one, &name) == bytes(&other, &name), "{codec}");
    }
}

#[test]
fn damage_in_a_codec_is_told_and_ends_with_its_exit_code() {
    let project = built();
    for codec in CODECS {
        let mut bytes = bytes(&project, &format!("{codec}.jdi"));
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        project.write("damaged.jdi", &bytes);
        let (code, told) = project.said(&["dispatch", "list", "damaged.jdi"]);
        assert_eq!(code, 3, "{codec}: {told}");
        assert!(told.contains("damaged.jdi is no sound image: damaged data: "), "{codec}: {told}");
        project.write("cut.jdi", &bytes[..middle]);
        assert_eq!(project.said(&["dispatch", "list", "cut.jdi"]).0, 3, "{codec}");
    }
}

#[test]
fn a_flipped_bit_in_the_promised_length_is_damage_and_no_large_file() {
    let project = built();
    let plain_bytes = bytes(&project, "none.jdi").len() as u64;
    for codec in CODECS {
        let mut bytes = bytes(&project, &format!("{codec}.jdi"));
        let at = bytes.windows(8).position(|found| found == plain_bytes.to_le_bytes()).expect("a length");
        bytes[at + 6] ^= 1;
        project.write("damaged.jdi", &bytes);
        let (code, told) = project.said(&["dispatch", "list", "damaged.jdi"]);
        assert_eq!(code, 3, "{codec}: {told}");
        assert!(told.contains("damaged metadata"), "{codec}: {told}");
    }
}
