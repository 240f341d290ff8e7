//! The file: what was written is read, by us without a copy and by anyone's Arrow reader; whatever else lies under a bank's
//! name is refused with a reason.

mod sample;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use bank::provenance::Provenance;
use bank::{Bank, BankError, Flaw};
use ocean::response::ResponseTable;
use proptest::prelude::*;
use sample::{heights, provenance};

fn built(folder: &Path, p: &Provenance) -> std::path::PathBuf {
    let out = folder.join("sample.arrow");
    let compute = |k: usize, _: &AtomicBool| Ok(heights(p, k));
    bank::build(
        &out,
        p.clone(),
        2,
        &compute,
        &|_| {},
        &AtomicBool::new(false),
    )
    .unwrap();
    out
}

fn bytes(p: &Provenance) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::read(built(folder.path(), p)).unwrap()
}

#[test]
fn what_was_built_is_read_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let p = provenance(5, 3, 7);
    let out = built(folder.path(), &p);
    for bank in [Bank::open(&out).unwrap(), Bank::read(&out).unwrap()] {
        assert_eq!((bank.step_s(), bank.samples()), (60.0, 7));
        assert_eq!(bank.units(), p.units, "numbers keep every bit");
        assert_eq!(bank.receivers().len(), 5);
        assert_eq!(bank.receiver("place-3"), Some(3));
        assert_eq!(bank.receiver("atlantis"), None);
        for k in 0..5 {
            assert_eq!(bank.receivers()[k], p.receivers[k].place);
            assert_eq!(bank.responses(k), heights(&p, k));
        }
        let mut without_digests = bank.provenance().clone();
        without_digests
            .receivers
            .iter_mut()
            .for_each(|r| r.blake3.clear());
        assert_eq!(without_digests, p);
    }
}

#[test]
fn a_bank_outlives_the_name_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let p = provenance(2, 3, 7);
    let out = built(folder.path(), &p);
    let bank = Bank::open(&out).unwrap();
    // As a build does: another file takes the name while the first is mapped.
    let other = folder.path().join("other");
    std::fs::write(&other, b"something else").unwrap();
    std::fs::rename(&other, &out).unwrap();
    assert_eq!(bank.responses(1), heights(&p, 1));
}

#[test]
fn any_arrow_reader_reads_it() {
    let p = provenance(3, 4, 5);
    let bytes = bytes(&p);
    let reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
    assert!(reader.schema().metadata().contains_key("watchfire.bank"));
    let mut seen = 0;
    for (k, batch) in reader.enumerate() {
        let batch = batch.unwrap();
        assert_eq!(batch.num_rows(), 4);
        let receiver = batch.column_by_name("receiver").unwrap().as_string::<i32>();
        let unit = batch.column_by_name("unit").unwrap().as_string::<i32>();
        let list = batch
            .column_by_name("height_m")
            .unwrap()
            .as_fixed_size_list();
        for row in 0..4 {
            assert_eq!(receiver.value(row), p.receivers[k].place.id);
            assert_eq!(unit.value(row), p.units[row].id);
            let row_heights = list.value(row);
            let expected = &heights(&p, k)[row * 5..(row + 1) * 5];
            assert_eq!(row_heights.as_primitive::<Float32Type>().values(), expected);
        }
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = bytes(&provenance(3, 4, 5));
    for length in 0..whole.len() {
        let flaw = Bank::from_bytes(&whole[..length]).unwrap_err();
        match flaw {
            Flaw::NotArrow => assert!(length < 6),
            Flaw::CutOff(found) => assert_eq!(found, length),
            other => panic!("cut at {length}: {other}"),
        }
    }
    // And one with the end of another file glued to it.
    for length in (0..whole.len() - 10).step_by(8) {
        let mut glued = whole[..length].to_vec();
        glued.extend_from_slice(&whole[whole.len() - 10..]);
        assert!(Bank::from_bytes(&glued).is_err(), "cut at {length}");
    }
}

#[test]
fn foreign_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign");
    let refusal = |content: &[u8]| {
        std::fs::write(&path, content).unwrap();
        match Bank::open(&path).unwrap_err() {
            e @ BankError::Flaw { .. } => e.to_string(),
            e => panic!("{e}"),
        }
    };
    for content in [&b""[..], b"a", b"PAR1", b"id,lat,lon\n1,2,3\n"] {
        assert!(refusal(content).ends_with("not an Arrow IPC file"));
    }
    // Somebody else's Arrow file.
    let batch = arrow_array::record_batch!(("a", Int32, [1, 2, 3])).unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    let refused = refusal(&writer.into_inner().unwrap());
    assert!(refused.contains("no response bank"), "{refused}");
    assert!(matches!(
        Bank::open(&folder.path().join("absent")),
        Err(BankError::Read { .. })
    ));
    assert!(matches!(
        Bank::open(folder.path()),
        Err(BankError::Read { .. })
    ));
}

#[test]
fn a_changed_height_is_found() {
    let p = provenance(3, 4, 5);
    let mut bytes = bytes(&p);
    // The first height of receiver 1, wherever it lies.
    let needle: Vec<u8> = heights(&p, 1)[..4]
        .iter()
        .flat_map(|h| h.to_le_bytes())
        .collect();
    let at = bytes
        .windows(needle.len())
        .position(|w| w == needle)
        .unwrap();
    bytes[at] ^= 1;
    let flaw = Bank::from_bytes(&bytes).unwrap_err().to_string();
    assert!(
        flaw.contains("place-1") && flaw.contains("damaged"),
        "{flaw}"
    );
}

#[test]
fn provenance_that_no_bank_can_have_is_refused() {
    let refused = |change: &dyn Fn(&mut Provenance)| {
        let mut p = provenance(2, 2, 2);
        change(&mut p);
        p.check().expect_err("refused")
    };
    assert!(refused(&|p| p.format = 2).contains("layout version 2"));
    assert!(refused(&|p| p.step_s = f64::NAN).contains("step_s"));
    assert!(refused(&|p| p.samples = 0).contains("samples"));
    assert!(refused(&|p| p.samples = usize::MAX).contains("samples"));
    assert!(refused(&|p| p.units.clear()).contains("unit sources"));
    assert!(refused(&|p| p.receivers.clear()).contains("receivers"));
    assert!(refused(&|p| p.units[1].id = p.units[0].id.clone()).contains("twice"));
    assert!(refused(&|p| p.receivers[1].place.id.clear()).contains("id of 0 bytes"));
    assert!(refused(&|p| p.receivers[0].place.lat = 91.0).contains("no place"));
    assert!(refused(&|p| p.units[0].dip_deg = f64::INFINITY).contains("no patch"));
    assert!(refused(&|p| p.receivers[1].cells[0].1 = 80).contains("nodes"));
    assert_eq!(provenance(2, 2, 2).check(), Ok(()));
}

#[test]
fn a_fingerprint_holds_what_the_responses_depend_on_and_nothing_else() {
    let base = provenance(2, 2, 2);
    let same = |change: &dyn Fn(&mut Provenance)| {
        let mut p = base.clone();
        change(&mut p);
        p.fingerprint(0) == base.fingerprint(0)
    };
    assert!(same(&|p| p.title = "Another".into()));
    assert!(same(&|p| p.receivers.truncate(1)));
    assert!(same(&|p| p.receivers[0].name = "Renamed".into()));
    assert!(!same(&|p| p.grid.blake3 = "1".repeat(64)));
    assert!(!same(&|p| p.solver.version = 2));
    assert!(!same(&|p| p.solver.dt_s += 1e-15));
    assert!(!same(&|p| p.program = "bank tests 2".into()));
    assert!(!same(&|p| p.step_s = 30.0));
    assert!(!same(&|p| p.units[1].rake_deg = 80.0));
    assert!(!same(&|p| p.receivers[0].place.lat += 1e-12));
    assert!(!same(&|p| p.receivers[0].cells[0].0 += 1));
    assert_ne!(base.fingerprint(0), base.fingerprint(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Damage of a few bytes anywhere: an error, or the bank as it was where the damage hit padding.
    #[test]
    fn damage_is_an_error_or_harmless(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        thread_local! {
            static WHOLE: Vec<u8> = bytes(&provenance(2, 3, 4));
        }
        WHOLE.with(|whole| {
            let mut damaged = whole.clone();
            for (at, value) in &hits {
                let at = at.index(damaged.len());
                damaged[at] = *value;
            }
            if let Ok(bank) = Bank::from_bytes(&damaged) {
                let before = Bank::from_bytes(whole).unwrap();
                assert_eq!(bank.provenance(), before.provenance());
                for k in 0..2 {
                    assert_eq!(bank.responses(k), before.responses(k));
                }
            }
        });
    }

    #[test]
    fn any_bytes_are_an_error(noise in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut framed = b"ARROW1\0\0".to_vec();
        framed.extend_from_slice(&noise);
        framed.extend_from_slice(&u32::try_from(noise.len() / 2).unwrap().to_le_bytes());
        framed.extend_from_slice(b"ARROW1");
        prop_assert!(Bank::from_bytes(&noise).is_err());
        prop_assert!(Bank::from_bytes(&framed).is_err());
    }
}
