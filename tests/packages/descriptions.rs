//! rawprogram files that cannot be understood, or would be understood differently by somebody else.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PATCH, RAWPROGRAM, Sound, erase, program};

const ERASE: &str = "<erase PAGES_PER_BLOCK=\"4\" SECTOR_SIZE_IN_BYTES=\"2048\" ";

/// An expression where a number is expected.
fn start(text: &'static str) -> impl Fn(&mut Sound) {
    move |s| {
        s.line_edit(
            "tz.mbn",
            "start_sector=\"64\"",
            &format!("start_sector=\"{text}\""),
        )
    }
}

fn text(s: &Sound) -> String {
    String::from_utf8(s.files[RAWPROGRAM].clone()).unwrap()
}

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        // The document.
        "empty", "package::xml", "rawprogram_nand_p2K_b8K_update.xml", |s| s.file(RAWPROGRAM, "");
        "blanks only", "package::xml", "it holds no element", |s| s.file(RAWPROGRAM, " \n\t\n");
        "declaration only", "package::xml", "it holds no element", |s| s.file(RAWPROGRAM, "<?xml version=\"1.0\"?>");
        "comment only", "package::xml", "it holds no element", |s| s.file(RAWPROGRAM, "<!-- nothing -->");
        "no xml", "package::xml", "line 1", |s| s.file(RAWPROGRAM, "hello");
        "cut in the middle of a line", "package::xml", "update.xml", |s| { let t = text(s); s.file(RAWPROGRAM, &t[..t.len() / 2]); };
        "cut behind a line", "package::xml", "it is cut off", |s| { let t = text(s); s.file(RAWPROGRAM, &t[..t.find("<erase").unwrap()]); };
        "end cut", "package::xml", "it is cut off", |s| s.raw("</data>", "");
        "end cut in the middle", "package::xml", "update.xml", |s| s.raw("</data>", "</dat");
        "other end", "package::xml", "line 14", |s| s.raw("</data>", "</patches>");
        "end twice", "package::xml", "line 15", |s| s.raw("</data>", "</data>\n</data>");
        "list twice", "package::xml", "behind the end of the list", |s| { let t = text(s); s.file(RAWPROGRAM, t.clone() + t.trim_start_matches("<?xml version=\"1.0\" ?>")); };
        "line behind the list", "package::xml", "behind the end of the list", |s| s.raw("</data>", &format!("</data>{}", erase(0, 16)));
        "text behind the list", "package::xml", "line 15", |s| s.raw("</data>", "</data>\nbye");
        "text in front", "package::xml", "line 1", |s| s.raw("<?xml", "hi <?xml");
        "text between lines", "package::xml", "neither a line nor a comment", |s| s.line("hello");
        "wrong root", "package::xml", "`html` is no list of lines", |s| { s.raw("<data>", "<html>"); s.raw("</data>", "</html>"); };
        "root in capitals", "package::xml", "`DATA` is no list of lines", |s| { s.raw("<data>", "<DATA>"); s.raw("</data>", "</DATA>"); };
        "line as root", "package::xml", "`erase` is no list of lines", |s| s.file(RAWPROGRAM, erase(0, 16));
        "root in a root", "package::xml", "`data` is no known line", |s| { s.raw("<data>", "<data>\n<data>"); s.raw("</data>", "</data>\n</data>"); };
        "line in a line", "package::xml", "a line holds a line", |s| s.line(&format!("{}{}</erase>", erase(0, 16).replace("/>", ">"), erase(0, 16)));
        "text in a line", "package::xml", "neither a line nor a comment", |s| s.line(&format!("{}0</erase>", erase(0, 16).replace("/>", ">")));
        "nested deep", "package::xml", "update.xml", |s| s.line(&"<erase>".repeat(10_000));
        "unknown line", "package::xml", "`power` is no known line", |s| s.line("<power value=\"reset\"/>");
        "unknown line that destroys", "package::xml", "`eraseall` is no known line", |s| s.line("<eraseall/>");
        "line in other capitals", "package::xml", "`Erase` is no known line", |s| s.line(&erase(0, 16).replace("<erase", "<Erase"));
        "line in a namespace", "package::xml", "`q:erase` is no known line", |s| s.line(&erase(0, 16).replace("<erase", "<q:erase"));
        "peek", "package::xml", "`peek` is no known line", |s| s.line("<peek address64=\"0\" size_in_bytes=\"4\"/>");
        "dtd", "package::xml", "neither a line nor a comment", |s| s.raw("<data>", "<!DOCTYPE data>\n<data>");
        "dtd with an entity", "package::xml", "neither a line nor a comment", |s| s.raw("<data>", "<!DOCTYPE data [<!ENTITY a \"0\">]>\n<data>");
        "dtd from outside", "package::xml", "neither a line nor a comment", |s| s.raw("<data>", "<!DOCTYPE data SYSTEM \"file:///etc/passwd\">\n<data>");
        "billion laughs", "package::xml", "neither a line nor a comment", |s| s.raw("<data>", "<!DOCTYPE z [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n<data>&b;");
        "entity in a name", "package::xml", "an attribute holds an entity", |s| s.line(&program("&a;", 0, 16));
        "sign by its number in a name", "package::xml", "an attribute holds an entity", |s| s.line(&program("..&#92;tz.mbn", 0, 16));
        "instruction", "package::xml", "neither a line nor a comment", |s| s.raw("<data>", "<?php system('ls') ?>\n<data>");
        "cdata", "package::xml", "neither a line nor a comment", |s| s.line("<![CDATA[<erase/>]]>");
        "second declaration", "package::xml", "neither a line nor a comment", |s| s.raw("<data>", "<?xml version=\"1.0\"?>\n<data>");
        "declaration inside", "package::xml", "neither a line nor a comment", |s| s.line("<?xml version=\"1.0\"?>");
        "other encoding said", "package::xml", "its encoding is", |s| s.raw("<?xml version=\"1.0\" ?>", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>");
        "utf-16", "package::xml", "it is not UTF-8", |s| { let t = text(s); let wide: Vec<u8> = std::iter::once(0xfeff).chain(t.encode_utf16()).flat_map(u16::to_le_bytes).collect(); s.file(RAWPROGRAM, wide); };
        "utf-16 the other way", "package::xml", "it is not UTF-8", |s| { let t = text(s); let wide: Vec<u8> = std::iter::once(0xfeff).chain(t.encode_utf16()).flat_map(u16::to_be_bytes).collect(); s.file(RAWPROGRAM, wide); };
        "utf-16 without its mark", "package::xml", "line 1", |s| { let t = text(s); let wide: Vec<u8> = t.encode_utf16().flat_map(u16::to_le_bytes).collect(); s.file(RAWPROGRAM, wide); };
        "latin-1", "package::xml", "it is not UTF-8", |s| { let mut b = s.files[RAWPROGRAM].clone(); let at = b.windows(4).position(|w| w == b"NOTE").unwrap(); b[at] = 0xe9; s.file(RAWPROGRAM, b); };
        "mark of utf-8 twice", "package::xml", "line 1", |s| s.raw("<?xml", "\u{feff}\u{feff}<?xml");
        "mark of utf-8 inside", "package::xml", "update.xml", |s| s.line("\u{feff}");
        "NUL between lines", "package::xml", "update.xml", |s| s.line("\0");
        "huge", "package::too-large", "1048576 bytes", |s| s.line(&" ".repeat(1024 * 1024));
        "too many lines", "package::xml", "too many lines", |s| s.line(&erase(0, 16).repeat(1100));
        "comment without end", "package::xml", "update.xml", |s| s.line("<!-- ");
        "attribute without quotes", "package::xml", "update.xml", |s| s.line_edit("tz.mbn", "start_sector=\"64\"", "start_sector=64");
        "attribute without value", "package::xml", "update.xml", |s| s.line_edit("tz.mbn", "start_sector=\"64\"", "start_sector");
        "quote without end", "package::xml", "update.xml", |s| s.line_edit("tz.mbn", "start_sector=\"64\"", "start_sector=\"64");
        "element in an attribute", "package::xml", "the beginning of an element", |s| s.line(&program("<erase/>", 0, 16));
        "list of patches in its place", "package::xml", "erases or writes", |s| { s.raw("<data>", "<patches>"); s.raw("</data>", "</patches>"); };
        "erase in the patch file", "package::xml", "patch_p2K_b8K.xml", |s| s.patch(&erase(32, 32));
        "erase in a patch file of lines", "package::xml", "it is a file of patches", |s| { s.edit(PATCH, "<patches>", "<data>"); s.edit(PATCH, "</patches>", &format!("{}</data>", erase(32, 32))); };
        "patch file empty", "package::xml", "patch_p2K_b8K.xml", |s| s.file(PATCH, "");
        "patch file cut", "package::xml", "patch_p2K_b8K.xml", |s| s.edit(PATCH, "</patches>", "");
        // Attributes.
        "start twice", "package::xml", "line 6", |s| s.line_edit("tz.mbn", "start_sector=\"64\"", "start_sector=\"64\" start_sector=\"0\"");
        "name twice", "package::xml", "line 6", |s| s.line_edit("tz.mbn", "filename", "filename=\"..\\sbl1.mbn\" filename");
        "no start", "package::xml", "a line has no start_sector", |s| s.line_edit("tz.mbn", " start_sector=\"64\"", "");
        "no count", "package::xml", "a line has no num_partition_sectors", |s| s.line_edit("tz.mbn", "num_partition_sectors=\"16\" ", "");
        "no name", "package::xml", "a line has no filename", |s| s.line_edit("tz.mbn", "filename=\"..\\tz.mbn\" ", "");
        "no page", "package::xml", "a line has no SECTOR_SIZE_IN_BYTES", |s| s.line_edit("tz.mbn", "SECTOR_SIZE_IN_BYTES=\"2048\" ", "");
        "no pages of a block", "package::xml", "a line has no PAGES_PER_BLOCK", |s| s.line_edit("tz.mbn", "PAGES_PER_BLOCK=\"4\" ", "");
        "start in other capitals", "package::xml", "a line has no start_sector", |s| s.line_edit("tz.mbn", "start_sector", "Start_Sector");
        "erase without its range", "package::xml", "a line has no start_sector", |s| s.line(&format!("{ERASE}/>"));
        "erase without its start", "package::xml", "a line has no start_sector", |s| s.line(&format!("{ERASE}num_partition_sectors=\"4\"/>"));
        "erase without its count", "package::xml", "a line has no num_partition_sectors", |s| s.line(&format!("{ERASE}start_sector=\"0\"/>"));
        "erase of a drive", "package::xml", "a line has no SECTOR_SIZE_IN_BYTES", |s| s.line("<erase StorageDrive=\"0\"/>");
        "sparse is neither", "package::xml", "sparse=\"perhaps\"", |s| s.line_edit("tz.mbn", "/>", " sparse=\"perhaps\"/>");
        "second chip", "package::xml", "a second chip", |s| s.line_edit("tz.mbn", "physical_partition_number=\"0\"", "physical_partition_number=\"1\"");
        "chip is no number", "package::xml", "physical_partition_number", |s| s.line_edit("tz.mbn", "physical_partition_number=\"0\"", "physical_partition_number=\"a\"");
        "last sector is no number", "package::xml", "last_sector", |s| s.line_edit("tz.mbn", "/>", " last_sector=\"a\"/>");
        "last sector in front of its range", "package::xml", "last_sector=\"63\" lies outside sectors 64..80", |s| s.line_edit("tz.mbn", "/>", " last_sector=\"63\"/>");
        "last sector behind its range", "package::xml", "last_sector=\"80\" lies outside sectors 64..80", |s| s.line_edit("tz.mbn", "/>", " last_sector=\"80\"/>");
        "last sector of the chip", "package::xml", "lies outside sectors 64..80", |s| s.line_edit("tz.mbn", "/>", " last_sector=\"NUM_DISK_SECTORS-1.\"/>");
        "start in bytes is another sector's", "package::xml", "line 6: start_byte_hex=\"0x0\" is not where sector 64 begins", |s| s.line_edit("tz.mbn", "/>", " start_byte_hex=\"0x0\"/>");
        "start in bytes is the sector's number", "package::xml", "start_byte_hex=\"64\"", |s| s.line_edit("tz.mbn", "/>", " start_byte_hex=\"64\"/>");
        "start in bytes counts other pages", "package::xml", "start_byte_hex=\"0x40000\"", |s| s.line_edit("tz.mbn", "/>", " start_byte_hex=\"0x40000\"/>");
        "start in bytes of an erase", "package::xml", "start_byte_hex=\"0x1\" is not where sector 0 begins", |s| { let e = erase(0, 16); s.raw(&e, &e.replace("/>", " start_byte_hex=\"0x1\"/>")); };
        // Expressions.
        "expression: nothing", "package::xml", "start_sector=\"\" is no number", start("");
        "expression: dot", "package::xml", "start_sector=\".\"", start(".");
        "expression: two dots", "package::xml", "start_sector=\"64..\"", start("64..");
        "expression: fraction", "package::xml", "start_sector=\"64.5\"", start("64.5");
        "expression: exponent", "package::xml", "start_sector=\"64e0\"", start("64e0");
        "expression: sign", "package::xml", "start_sector=\"+64\"", start("+64");
        "expression: minus", "package::xml", "start_sector=\"-64\"", start("-64");
        "expression: minus one", "package::xml", "start_sector=\"-1\"", start("-1");
        "expression: sum of numbers", "package::xml", "start_sector=\"60+4\"", start("60+4");
        "expression: blanks inside", "package::xml", "start_sector=\"6 4\"", start("6 4");
        "expression: underscore", "package::xml", "start_sector=\"6_4\"", start("6_4");
        "expression: octal", "package::xml", "start_sector=\"0o100\"", start("0o100");
        "expression: hex without digits", "package::xml", "start_sector=\"0x\"", start("0x");
        "expression: hex with strange digits", "package::xml", "start_sector=\"0x4g\"", start("0x4g");
        "expression: other digits", "package::xml", "is no number", start("６４");
        "expression: division by zero", "package::xml", "start_sector=\"NUM_DISK_SECTORS/0\"", start("NUM_DISK_SECTORS/0");
        "expression: below zero", "package::xml", "start_sector=\"NUM_DISK_SECTORS-257\"", start("NUM_DISK_SECTORS-257");
        "expression: overflow", "package::xml", "NUM_DISK_SECTORS*99999999999999999", start("NUM_DISK_SECTORS*99999999999999999");
        "expression: number too long", "package::xml", "99999999999999999999999", start("99999999999999999999999");
        "expression: more than 32 bits", "package::xml", "start_sector=\"4294967360\" is too large", start("4294967360");
        "expression: unknown name", "package::xml", "NUM_DISK_SECTOR-", start("NUM_DISK_SECTOR-192");
        "expression: name in small letters", "package::xml", "num_disk_sectors", start("num_disk_sectors-192");
        "expression: two operators", "package::xml", "NUM_DISK_SECTORS-100-92", start("NUM_DISK_SECTORS-100-92");
        "expression: parentheses", "package::xml", "(NUM_DISK_SECTORS-192)", start("(NUM_DISK_SECTORS-192)");
        "expression: power", "package::xml", "NUM_DISK_SECTORS**2", start("NUM_DISK_SECTORS**2");
        "expression: two names", "package::xml", "NUM_DISK_SECTORS-NUM_DISK_BLOCKS", start("NUM_DISK_SECTORS-NUM_DISK_BLOCKS");
        "expression: python", "package::xml", "__import__", start("__import__('os').system('reboot')");
        "expression: python without quotes", "package::xml", "exec(chr(97))", start("exec(chr(97))");
        "expression: checksum", "package::xml", "CRC32(0,4096)", start("CRC32(0,4096)");
    ]
}

type Change = fn(&mut Sound);

/// Each is another spelling of the sound package.
#[test]
fn what_only_looks_strange_is_understood() {
    let sound = crate::sound::ranges(&Sound::new().inspect().unwrap());
    let same: [(&str, Change); 15] = [
        ("mark of utf-8", |s| s.raw("<?xml", "\u{feff}<?xml")),
        ("encoding", |s| {
            s.raw(
                "<?xml version=\"1.0\" ?>",
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
            )
        }),
        ("no declaration", |s| {
            s.raw("<?xml version=\"1.0\" ?>\n", "")
        }),
        ("ends of lines of Windows", |s| {
            let t = text(s);
            s.file(RAWPROGRAM, t.replace('\n', "\r\n"));
        }),
        ("an element that is not closed in itself", |s| {
            let e = erase(0, 16);
            s.raw(&e, &e.replace("/>", "></erase>"));
        }),
        ("single quotes", |s| {
            s.line_edit("tz.mbn", "start_sector=\"64\"", "start_sector='64'")
        }),
        ("an expression", start_of("NUM_DISK_SECTORS-192.")),
        ("hexadecimal", start_of("0x40")),
        ("no number of the chip", |s| {
            s.line_edit("tz.mbn", "physical_partition_number=\"0\" ", "")
        }),
        ("a line without a file", |s| s.line(&program("", 32, 32))),
        ("attributes of other storage", |s| {
            s.line_edit("tz.mbn", "/>", " file_sector_offset=\"0\" label=\"TZ\" partofsingleimage=\"false\" readbackverify=\"false\" size_in_KB=\"32.0\" sparse=\"false\" start_byte_hex=\"0x20000\"/>")
        }),
        ("start in bytes by an expression", |s| {
            s.line_edit(
                "tz.mbn",
                "/>",
                " start_byte_hex=\"(2048*NUM_DISK_SECTORS)-393216.\"/>",
            )
        }),
        ("its own last sector", |s| {
            s.line_edit("tz.mbn", "/>", " last_sector=\"79\"/>")
        }),
        ("no last sector", |s| {
            s.line_edit("tz.mbn", "/>", " last_sector=\"0\"/>")
        }),
        ("a comment between lines", |s| s.line("<!-- <erase/> -->")),
    ];
    for (name, change) in same {
        let mut spelled = Sound::new();
        change(&mut spelled);
        let package = spelled.inspect();
        let package = package.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        assert_eq!(crate::sound::ranges(&package), sound, "{name}");
    }
}

fn start_of(text: &'static str) -> fn(&mut Sound) {
    match text {
        "0x40" => |s| start("0x40")(s),
        _ => |s| start("NUM_DISK_SECTORS-192.")(s),
    }
}

#[test]
fn another_size_in_kib_is_told() {
    for (size, told) in [
        ("32.0", 0),
        ("32", 0),
        ("0", 0),
        ("0.0", 0),
        ("(NUM_DISK_SECTORS*2)-1", 0),
        ("16.5", 0),
        ("33.0", 1),
        ("16", 1),
        ("99999999999999999999", 0),
        ("18446744073709551615", 1),
    ] {
        let mut sound = Sound::new();
        sound.line_edit("tz.mbn", "/>", &format!(" size_in_KB=\"{size}\"/>"));
        let warnings = sound.inspect().unwrap().warnings;
        let about =
            |warning: &&String| warning.contains("size_in_KB") && warning.contains("64..80");
        assert_eq!(
            warnings.iter().filter(about).count(),
            told,
            "{size}: {warnings:?}"
        );
    }
}
