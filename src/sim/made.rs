//! What a scenario gives a run: made once, kept under a name that follows from its description.

use super::image::Image;
use super::{package, xqcn};
use crate::files::{self, Root};
use crate::plan::{Make, MakeImage, MakePackage, Profile};
use crate::yaml::Spanned;
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

/// Something that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    File(#[from] files::Error),
    #[error(transparent)]
    Package(#[from] super::Error),
    #[error("the scenario says none of `package`, `xqcn` and `image`")]
    Nothing,
}

/// Changes when what is made changes for an equal description, so that older files are not taken for newer ones.
const EDITION: u32 = 3;
/// Of an image that is described without a size.
const IMAGE: u64 = 1024 * 1024;
/// It is made in memory.
const MAX_IMAGE: u64 = 256 * 1024 * 1024;

/// The path of what is described, made where it is not there yet.
pub fn made(
    folder: &Root,
    make: &Make,
    size: Option<&str>,
    profile: &Profile,
) -> Result<Utf8PathBuf, Error> {
    if let Some(described) = &make.package {
        let mut described = described.clone();
        set_size(&mut described, size);
        let name = name("package", &format!("{described:?}{profile:?}"));
        if !folder.exists(&name) {
            // A run that was killed while it made the package leaves an unfinished folder of another name.
            let unfinished = Utf8PathBuf::from(format!("{name}.{}.part", std::process::id()));
            folder.make_folder(&unfinished)?;
            package::make_package(&folder.folder(&unfinished)?, &described, profile)?;
            folder.rename_new(&unfinished, &name)?;
        }
        Ok(folder.path().join(name))
    } else if let Some(described) = &make.xqcn {
        let name = name("unit", &format!("{described:?}{profile:?}"));
        let name = name.with_extension("xqcn");
        if !folder.exists(&name) {
            files::write_new(folder, &name, &xqcn::make_xqcn(described, profile))?;
        }
        Ok(folder.path().join(name))
    } else if let Some(described) = &make.image {
        let name = name("image", &format!("{described:?}")).with_extension("img");
        if !folder.exists(&name) {
            files::write_new(folder, &name, &image(described)?)?;
        }
        Ok(folder.path().join(name))
    } else {
        Err(Error::Nothing)
    }
}

fn image(described: &MakeImage) -> Result<Vec<u8>, super::Error> {
    let bytes = match &described.size {
        Some(text) => package::parse_size(text)
            .filter(|bytes| *bytes <= MAX_IMAGE)
            .ok_or_else(|| super::Error::Size(text.value.clone()))?,
        None => IMAGE,
    };
    let image = Image::of_stage(&described.part, &described.firmware, bytes);
    let mut all = vec![0; usize::try_from(image.len()).unwrap_or(0)];
    image.fill(0, &mut all);
    Ok(all)
}

/// A size given on the command line wins over the scenario's.
pub fn set_size(package: &mut MakePackage, size: Option<&str>) {
    if let Some(size) = size {
        package.size = Some(Spanned {
            value: size.to_owned(),
            span: 0..0,
        });
    }
}

fn name(kind: &str, description: &str) -> Utf8PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    let digest = Sha256::digest(format!("{EDITION} {version} {description}"));
    Utf8Path::new(&format!("{kind}-{}", &files::hex(&digest)[..16])).to_owned()
}
