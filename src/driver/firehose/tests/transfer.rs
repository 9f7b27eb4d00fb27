//! Erasing, writing and reading ranges.

use super::*;
use sha2::{Digest, Sha256};

#[test]
fn what_is_written_is_read_back_however_the_bytes_are_cut() {
    for (piece, late_logs) in [(usize::MAX, false), (1, false), (7, false), (512, false)] {
        let (mut firehose, state) = started(|state| {
            state.piece = piece;
            state.late_logs = late_logs;
        });
        let deadline = late(&firehose);
        let image: Vec<u8> = (0..=255u8).cycle().take(1300).collect();
        firehose.erase(small_chip(), range(4, 4), deadline).unwrap();
        assert_eq!(write(&mut firehose, 4, 3, &image).unwrap(), 1300);
        let mut padded = image.clone();
        padded.resize(1536, 0);
        let mut back = Vec::new();
        firehose
            .read(
                small_chip(),
                range(4, 3),
                &mut back,
                deadline,
                &mut |_, _| {},
            )
            .unwrap();
        assert_eq!(back, padded);
        let digest = firehose
            .sha256(small_chip(), range(4, 3), deadline)
            .unwrap();
        assert_eq!(digest, crate::files::hex(&Sha256::digest(&padded)));
        assert!(
            firehose
                .storage(deadline)
                .unwrap()
                .unwrap()
                .is(small_chip())
        );
        assert_eq!(state.lock().unwrap().zero_length_packets, 0);
    }
}

#[test]
fn logs_behind_a_response_do_not_answer_the_next_command() {
    let (mut firehose, _) = started(|state| state.late_logs = true);
    let deadline = late(&firehose);
    for block in 0..8 {
        firehose
            .erase(small_chip(), range(block * 4, 4), deadline)
            .unwrap();
        write(&mut firehose, block * 4, 4, &[7; 2048]).unwrap();
    }
    firehose.reset(deadline).unwrap();
}

#[test]
fn an_erase_that_is_not_of_whole_blocks_is_never_sent() {
    let (mut firehose, state) = started(|_| {});
    let deadline = late(&firehose);
    let before = state.lock().unwrap().record.len();
    for bad in [range(1, 4), range(0, 3), range(128, 4)] {
        let error = firehose.erase(small_chip(), bad, deadline).unwrap_err();
        assert!(matches!(error, Error::Request { .. }));
    }
    assert_eq!(state.lock().unwrap().record.len(), before);
}

#[test]
fn a_reader_that_fails_leaves_the_programmer_in_step_and_is_told() {
    struct Failing(usize);
    impl std::io::Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(std::io::Error::other("disk"))?;
            buffer.fill(1);
            Ok(buffer.len())
        }
    }
    let (mut firehose, _) = started(|_| {});
    let deadline = late(&firehose);
    let writing = Writing {
        sectors: range(0, 16),
        name: "x",
        last_sector: None,
    };
    let error = firehose
        .program(
            small_chip(),
            &writing,
            &mut Failing(2),
            deadline,
            &mut |_, _| {},
        )
        .unwrap_err();
    assert!(matches!(error, Error::File { .. }) && error.in_step());
    firehose.nop(deadline).unwrap();
}

#[test]
fn a_file_that_grew_is_told() {
    let (mut firehose, _) = started(|_| {});
    assert!(matches!(
        write(&mut firehose, 0, 1, &[0; 513]),
        Err(Error::File { .. })
    ));
}
