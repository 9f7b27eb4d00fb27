//! Android sparse images: expanded as they say, and refused where they lie.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PAGE, Sound, chip, inspect};
use unbrick::files::sha256;
use unbrick::firmware::Package;

const SYSTEM: &str = "update/system.img";
/// Bytes of a block.
const BLOCK: u32 = 4096;

const RAW: u16 = 0xcac1;
const FILL: u16 = 0xcac2;
const DONT_CARE: u16 = 0xcac3;
const CRC32: u16 = 0xcac4;

/// Kind, blocks, data.
type Chunk = (u16, u32, Vec<u8>);

fn raw(byte: u8, blocks: u32) -> Chunk {
    let bytes = (0..blocks * BLOCK).map(|at| byte.wrapping_add((at / 512).to_le_bytes()[0]));
    (RAW, blocks, bytes.collect())
}

fn fill(word: [u8; 4], blocks: u32) -> Chunk {
    (FILL, blocks, word.to_vec())
}

fn hole(blocks: u32) -> Chunk {
    (DONT_CARE, blocks, Vec::new())
}

fn sum(crc: u32) -> Chunk {
    (CRC32, 0, crc.to_le_bytes().to_vec())
}

fn head(block: u32, blocks: u32, chunks: usize, checksum: u32) -> Vec<u8> {
    let chunks = u32::try_from(chunks).unwrap();
    let mut bytes = 0xed26_ff3a_u32.to_le_bytes().to_vec();
    for half in [1_u16, 0, 28, 12] {
        bytes.extend(half.to_le_bytes());
    }
    for word in [block, blocks, chunks, checksum] {
        bytes.extend(word.to_le_bytes());
    }
    bytes
}

fn body(chunks: &[Chunk]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, blocks, data) in chunks {
        bytes.extend(kind.to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(blocks.to_le_bytes());
        bytes.extend((12 + u32::try_from(data.len()).unwrap()).to_le_bytes());
        bytes.extend(data);
    }
    bytes
}

fn made(chunks: &[Chunk]) -> Vec<u8> {
    let blocks = chunks.iter().map(|(_, blocks, _)| blocks).sum();
    [head(BLOCK, blocks, chunks.len(), 0), body(chunks)].concat()
}

/// Bit by bit: reflected, initial and final all ones (IEEE 802.3), with zeros for holes.
fn checksum(chunks: &[Chunk]) -> u32 {
    let mut crc = u32::MAX;
    for byte in expanded(chunks, 0) {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

fn expanded(chunks: &[Chunk], of_hole: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, blocks, data) in chunks {
        let length = (blocks * BLOCK) as usize;
        match *kind {
            RAW => bytes.extend(data),
            FILL => bytes.extend(data.iter().cycle().take(length)),
            _ => bytes.extend(std::iter::repeat_n(of_hole, length)),
        }
    }
    bytes
}

/// Data, a repeated word, a gap, data, and an end that nobody cares for.
fn chunks() -> Vec<Chunk> {
    vec![
        raw(1, 2),
        fill([1, 2, 3, 4], 3),
        hole(2),
        raw(9, 1),
        hole(5),
    ]
}

fn with(s: &mut Sound, image: &[u8]) {
    s.file(SYSTEM, image);
    s.line_edit("system.img", "/>", " sparse=\"true\"/>");
}

fn system(package: &Package) -> &unbrick::firmware::Program {
    let found = package.programs.iter().find(|p| p.image.path == SYSTEM);
    found.unwrap()
}

/// The image with other bytes at a place.
fn bent(at: usize, bytes: &'static [u8]) -> impl Fn(&mut Sound) {
    move |s| {
        let mut image = made(&chunks());
        image[at..at + bytes.len()].copy_from_slice(bytes);
        with(s, &image);
    }
}

fn of(image: impl Fn() -> Vec<u8> + 'static) -> impl Fn(&mut Sound) {
    move |s| with(s, &image())
}

/// Where the first chunk's header stands, and the second's.
const FIRST: usize = 28;
const SECOND: usize = FIRST + 12 + 2 * BLOCK as usize;

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        "claims terabytes in a range of terabytes", "package::outside-chip", "160..", |s| { let image = [head(BLOCK, 2_000_000_000, 2, 0), body(&[raw(1, 1), hole(1_999_999_999)])].concat(); with(s, &image); s.line_edit("system.img", "num_partition_sectors=\"96\"", "num_partition_sectors=\"4294967000\""); };
        "sparse: no such image", "package::sparse", "`update/system.img` cannot be written as a sparse image", |s| s.line_edit("system.img", "/>", " sparse=\"true\"/>");
        "sparse: not said", "package::sparse", "no line says `sparse=\"true\"`", |s| s.file(SYSTEM, made(&chunks()));
        "sparse: denied", "package::sparse", SYSTEM, |s| { s.file(SYSTEM, made(&chunks())); s.line_edit("system.img", "/>", " sparse=\"false\"/>"); };
        "sparse: a part of it", "package::xml", "a part of a sparse image", |s| { with(s, &made(&chunks())); s.line_edit("system.img", "/>", " file_sector_offset=\"1\"/>"); };
        "sparse: empty", "package::empty-image", SYSTEM, of(Vec::new);
        "sparse: magic only", "package::sparse", "magic", of(|| made(&chunks())[..4].to_vec());
        "sparse: head cut", "package::sparse", "magic", of(|| made(&chunks())[..27].to_vec());
        "sparse: head only", "package::sparse", "in the middle of chunk 0", of(|| made(&chunks())[..28].to_vec());
        "sparse: version", "package::sparse", "version 2", bent(4, &[2]);
        "sparse: long head", "package::sparse", "headers are of 32 and 12 bytes", bent(8, &[32]);
        "sparse: short chunks", "package::sparse", "headers are of 28 and 8 bytes", bent(10, &[8]);
        "sparse: blocks of nothing", "package::sparse", "blocks of 0 bytes", bent(12, &[0, 0, 0, 0]);
        "sparse: blocks of half a page", "package::sparse", "blocks of 1024 bytes are not whole pages of 2048", bent(12, &[0, 4, 0, 0]);
        "sparse: blocks of a page and a half", "package::sparse", "blocks of 3072 bytes", bent(12, &[0, 12, 0, 0]);
        "sparse: fewer blocks said", "package::sparse", "have 13 blocks, its header says 12", bent(16, &[12]);
        "sparse: more blocks said", "package::sparse", "have 13 blocks, its header says 14", bent(16, &[14]);
        "sparse: longer than its range", "package::image-too-long", "is 200704 bytes long", bent(16, &[49]);
        "sparse: longer than anything", "package::image-too-long", "17592186040320 bytes", bent(16, &[0xff; 4]);
        "sparse: longer than its range by what nobody cares for", "package::image-too-long", SYSTEM, of(|| made(&[raw(1, 1), hole(48)]));
        "sparse: fewer chunks said", "package::sparse", "have 8 blocks, its header says 13", bent(20, &[4]);
        "sparse: more chunks said", "package::sparse", "in the middle of chunk 5", bent(20, &[6]);
        "sparse: no chunks", "package::sparse", "have 0 blocks", bent(20, &[0]);
        "sparse: nothing at all", "package::sparse", "it holds no data", of(|| made(&[]));
        "sparse: nothing to care for", "package::sparse", "it holds no data", of(|| made(&[hole(3)]));
        "sparse: unknown chunk", "package::sparse", "chunk 0 is of the unknown kind 0xcac0", bent(FIRST, &[0xc0]);
        "sparse: data longer than said", "package::sparse", "chunk 0 says another length", bent(FIRST + 8, &[0x0c, 0x10]);
        "sparse: data of more blocks", "package::sparse", "chunk 0 says another length", bent(FIRST + 4, &[3]);
        "sparse: data of no blocks", "package::sparse", "chunk 0 says another length", of(|| made(&[(RAW, 0, vec![]), raw(1, 1)]));
        "sparse: word of no blocks", "package::sparse", "chunk 0 says another length", of(|| made(&[fill([0; 4], 0), raw(1, 1)]));
        "sparse: gap of no blocks", "package::sparse", "chunk 0 says another length", of(|| made(&[hole(0), raw(1, 1)]));
        "sparse: gap with data", "package::sparse", "chunk 1 says another length", of(|| made(&[raw(1, 1), (DONT_CARE, 1, vec![0; 4])]));
        "sparse: word of two bytes", "package::sparse", "chunk 0 says another length", of(|| made(&[(FILL, 1, vec![0; 2])]));
        "sparse: word of eight bytes", "package::sparse", "chunk 0 says another length", of(|| made(&[(FILL, 1, vec![0; 8])]));
        "sparse: length of a chunk overflows", "package::sparse", "chunk 0 says another length", bent(FIRST + 4, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        "sparse: repeated beyond all", "package::sparse", "its header says 13", bent(SECOND + 4, &[0xff; 4]);
        "sparse: data cut", "package::sparse", "in the middle of chunk 0", of(|| made(&chunks())[..FIRST + 12 + 100].to_vec());
        "sparse: word cut", "package::sparse", "in the middle of chunk 1", of(|| made(&chunks())[..SECOND + 14].to_vec());
        "sparse: last chunk cut", "package::sparse", "in the middle of chunk 4", of(|| { let i = made(&chunks()); i[..i.len() - 1].to_vec() });
        "sparse: more behind", "package::sparse", "stands more", of(|| [made(&chunks()), vec![0]].concat());
        "sparse: checksum is wrong", "package::sparse", "of chunk 1 is not that of its data", of(|| made(&[raw(1, 1), sum(7)]));
        "sparse: checksum of what follows", "package::sparse", "of chunk 1", of(|| { let c = [raw(1, 1), raw(2, 1)]; made(&[c[0].clone(), sum(checksum(&c)), c[1].clone()]) });
        "sparse: checksum with blocks", "package::sparse", "chunk 1 says another length", of(|| made(&[raw(1, 1), (CRC32, 1, checksum(&[raw(1, 1)]).to_le_bytes().to_vec())]));
        "sparse: checksum of the head is wrong", "package::sparse", "of its header is not that of its data", bent(24, &[1]);
        "sparse: sum of the list", "package::wrong-md5", SYSTEM, |s| { with(s, &made(&chunks())); s.then(|f| { let mut i = made(&chunks()); i[FIRST + 20] ^= 1; std::fs::write(f.join(SYSTEM), i).unwrap(); }); };
        "sparse: no block to spare", "package::no-slack", SYSTEM, of(|| made(&[raw(1, 47)]));
        "sparse: patched beyond its data", "package::patch", "outside the file", |s| { with(s, &made(&[raw(1, 1), hole(1)])); s.patch(&crate::sound::patch("..\\system.img", "2", "0", "4", "0")); };
    ]
}

#[test]
fn a_sparse_image_is_written_expanded_up_to_its_last_data() {
    let all = chunks();
    let data = &all[..4];
    let checked: Vec<Chunk> = [data, &[sum(checksum(data)), hole(5), sum(checksum(&all))]].concat();
    let mut summed = made(&checked);
    summed[24..28].copy_from_slice(&checksum(&all).to_le_bytes());
    let mut later = made(&all);
    // A later minor version is understood by whoever understands the major one.
    later[6] = 3;
    for image in [made(&all), made(data), summed, later] {
        let mut sound = Sound::new();
        with(&mut sound, &image);
        let folder = sound.write();
        let package = inspect(&folder).unwrap();
        let program = system(&package);
        // Between data a gap is as the erase left it.
        let wanted = expanded(data, 0xff);
        let mut bytes = Vec::new();
        std::io::copy(&mut program.image.reader(), &mut bytes).unwrap();
        assert!(bytes == wanted);
        assert_eq!(program.image.bytes, wanted.len() as u64);
        assert_eq!(program.image.sha256, sha256(&wanted[..]).unwrap().0);
        assert_eq!(program.image.padded_sha256, program.image.sha256);
        assert_eq!(program.sectors.to_string(), "160..176");
        assert_eq!(chip().geometry.page() as usize, PAGE);
    }
}

/// However a reader asks, it gets the same bytes.
#[test]
fn a_sparse_image_is_expanded_in_pieces_of_any_size() {
    let mut sound = Sound::new();
    with(&mut sound, &made(&chunks()));
    let folder = sound.write();
    let package = inspect(&folder).unwrap();
    let wanted = expanded(&chunks()[..4], 0xff);
    for piece in [1, 3, 4095, 4097, 1 << 20] {
        let mut reader = system(&package).image.reader();
        let (mut found, mut buffer) = (Vec::<u8>::new(), vec![0; piece]);
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => break,
                count => found.extend(&buffer[..count]),
            }
        }
        assert!(found == wanted, "{piece}");
    }
}

#[test]
fn a_sparse_ubi_image_is_known_as_one_and_a_sparse_table_as_a_table() {
    let mut sound = Sound::new();
    let mut ubi = raw(0, 1);
    ubi.2[..4].copy_from_slice(b"UBI#");
    with(&mut sound, &made(&[ubi]));
    let table = sound.files[crate::sound::TABLE].clone();
    sound.file(crate::sound::TABLE, made(&[(RAW, 2, table)]));
    sound.line_edit("partition_complete", "/>", " sparse=\"true\"/>");
    let package = sound.inspect().unwrap();
    assert!(system(&package).image.is_ubi());
    assert_eq!(package.table.unwrap().parts.len(), 6);
}
