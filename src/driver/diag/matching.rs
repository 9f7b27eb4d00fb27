//! Which reply belongs to which request (diag-and-xqcn.md §1: every 0x4b reply looks alike in byte 0).

use crate::protocol::diag::{NvId, Refusal, Reply, Request};
use crate::protocol::efs;

/// What one frame is to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Answer,
    Refusal(Refusal),
    /// A log message, or the answer to something else.
    Stranger,
}

pub(super) fn judge(request: &Request, payload: &[u8]) -> Verdict {
    match Reply::decode(payload) {
        Reply::Refused(refusal, body) if repeats(&request.encode(), &body) => {
            Verdict::Refusal(refusal)
        }
        reply if answers(request, &reply) => Verdict::Answer,
        _ => Verdict::Stranger,
    }
}

/// The body of a refusal repeats the request (libopenpst, libqcdm); how much of it differs between modems, so the
/// part that both have must agree.
fn repeats(request: &[u8], body: &[u8]) -> bool {
    request.iter().zip(body).all(|(sent, back)| sent == back)
}

fn answers(request: &Request, reply: &Reply) -> bool {
    match (request, reply) {
        (Request::Build, Reply::Build { .. })
        | (Request::FeatureQuery, Reply::FeatureMask(_))
        | (Request::Spc(_), Reply::Spc { .. })
        | (Request::Password(_), Reply::Password { .. })
        | (Request::Edl, Reply::Edl) => true,
        (Request::Power(asked), Reply::Power(got)) => asked == got,
        (Request::NvRead(asked), Reply::NvRead(got, ..))
        | (Request::NvWrite(asked, _), Reply::NvWrite(got, _)) => asked == got,
        (Request::Version, Reply::Other(got)) => got.first() == Some(&0),
        (Request::Other(asked), Reply::Other(got)) => other_answers(asked, got),
        _ => false,
    }
}

fn other_answers(asked: &[u8], got: &[u8]) -> bool {
    match (efs::Request::decode(asked), efs::Reply::decode(got)) {
        (Some((to, request)), Some((from, reply))) => to == from && efs_answers(&request, &reply),
        // An answer that is too short to be one, or to a request of another shape.
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => {
            let head = if asked.first() == Some(&0x4b) { 4 } else { 1 };
            got.len() >= head && asked.get(..head) == got.get(..head)
        }
    }
}

fn efs_answers(request: &efs::Request, reply: &efs::Reply) -> bool {
    use efs::{Reply as Got, Request as Asked};
    match (request, reply) {
        (Asked::Hello, Got::Hello)
        | (Asked::Query, Got::Query { .. })
        | (Asked::Open { .. }, Got::Open { .. })
        | (Asked::Close { .. }, Got::Close { .. })
        | (Asked::Symlink { .. }, Got::Symlink { .. })
        | (Asked::Readlink { .. }, Got::Readlink { .. })
        | (Asked::Unlink { .. }, Got::Unlink { .. })
        | (Asked::Mkdir { .. }, Got::Mkdir { .. })
        | (Asked::Opendir { .. }, Got::Opendir { .. })
        | (Asked::Closedir { .. }, Got::Closedir { .. })
        | (Asked::Stat { .. }, Got::Stat { .. })
        | (Asked::Put { .. }, Got::Put { .. }) => true,
        (
            Asked::Read { fd, offset, .. },
            Got::Read {
                fd: got_fd,
                offset: got_offset,
                ..
            },
        )
        | (
            Asked::Write { fd, offset, .. },
            Got::Write {
                fd: got_fd,
                offset: got_offset,
                ..
            },
        ) => fd == got_fd && offset == got_offset,
        (Asked::Readdir { dirp, sequence }, Got::Readdir(entry)) => {
            *dirp == entry.dirp && *sequence == entry.sequence
        }
        (Asked::SyncNoWait { sequence, .. }, Got::SyncNoWait { sequence: got, .. })
        | (Asked::SyncStatus { sequence, .. }, Got::SyncStatus { sequence: got, .. }) => {
            sequence == got
        }
        _ => false,
    }
}

/// Whether asking twice changes nothing. Handles are opened and closed once.
pub(super) fn is_read(request: &Request) -> bool {
    match request {
        Request::Version | Request::Build | Request::FeatureQuery | Request::NvRead(_) => true,
        Request::Spc(_)
        | Request::Password(_)
        | Request::Power(_)
        | Request::Edl
        | Request::NvWrite(..) => false,
        Request::Other(payload) => matches!(
            efs::Request::decode(payload),
            Some((
                _,
                efs::Request::Hello
                    | efs::Request::Query
                    | efs::Request::Read { .. }
                    | efs::Request::Readlink { .. }
                    | efs::Request::Readdir { .. }
                    | efs::Request::Stat { .. }
                    | efs::Request::SyncStatus { .. }
            ))
        ),
    }
}

/// What a request is called in messages.
pub(super) fn label(request: &Request) -> &'static str {
    match request {
        Request::Version => "version",
        Request::Build => "build id",
        Request::FeatureQuery => "feature query",
        Request::Spc(_) => "service programming code",
        Request::Password(_) => "security password",
        Request::Power(_) => "mode change",
        Request::Edl => "switch to EDL",
        Request::NvRead(NvId { .. }) => "NV read",
        Request::NvWrite(..) => "NV write",
        Request::Other(payload) => match efs::Request::decode(payload) {
            Some((_, request)) => efs_label(&request),
            None => "DIAG command",
        },
    }
}

pub(super) fn efs_label(request: &efs::Request) -> &'static str {
    match request {
        efs::Request::Hello => "EFS hello",
        efs::Request::Query => "EFS query",
        efs::Request::Open { .. } => "EFS open",
        efs::Request::Close { .. } => "EFS close",
        efs::Request::Read { .. } => "EFS read",
        efs::Request::Write { .. } => "EFS write",
        efs::Request::Symlink { .. } => "EFS symlink",
        efs::Request::Readlink { .. } => "EFS readlink",
        efs::Request::Unlink { .. } => "EFS unlink",
        efs::Request::Mkdir { .. } => "EFS mkdir",
        efs::Request::Opendir { .. } => "EFS opendir",
        efs::Request::Readdir { .. } => "EFS readdir",
        efs::Request::Closedir { .. } => "EFS closedir",
        efs::Request::Stat { .. } => "EFS stat",
        efs::Request::Put { .. } => "EFS put",
        efs::Request::SyncNoWait { .. } => "EFS sync",
        efs::Request::SyncStatus { .. } => "EFS sync status",
    }
}
