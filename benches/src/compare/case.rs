//! The cases: what kind of model the rows are compared on, and beside which peer.

use clap::ValueEnum;

use crate::peer::Peer;
use crate::row::Work;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// One large file, in the page cache
    One,
    /// Eight large files, in the page cache
    Eight,
    /// A model of 1 MB: what a process costs
    Small,
    /// Many files of a few hundred bytes, in the page cache
    Many,
    /// One large file that must come from the disk
    Cold,
    /// One large file, in the page cache, that is to be in memory afterwards, verified or not
    Load,
}

impl Case {
    pub(crate) const ALL: [Self; 6] =
        [Self::One, Self::Eight, Self::Small, Self::Many, Self::Cold, Self::Load];

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Eight => "eight",
            Self::Small => "small",
            Self::Many => "many",
            Self::Cold => "cold",
            Self::Load => "load",
        }
    }

    /// What it is, as a heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::One => "One file, in the page cache",
            Self::Eight => "Eight files, in the page cache",
            Self::Small => "A small model, whole process",
            Self::Many => "Many small files, in the page cache",
            Self::Cold => "One file, from the disk",
            Self::Load => "Loading one file, in the page cache",
        }
    }

    /// Whether the files are in the page cache when a run begins, as the CSV has it.
    pub(crate) const fn cache(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            _ => "warm",
        }
    }

    /// The peers that a row which does such work is measured against.
    pub(crate) const fn references(self, work: Work) -> &'static [Peer] {
        match (self, work) {
            (Self::Small, _) => &[Peer::Python, Peer::Sha256sum],
            (Self::Many, _) => &[Peer::Sha256sum],
            (Self::Cold, _) => &[Peer::Dd],
            (Self::Load, _) => &[Peer::Read],
            (_, Work::Sha256) => &[Peer::Openssl],
            (_, Work::Blake3) => &[Peer::B3sum],
            (_, Work::Blake2b) => &[Peer::B2sum],
            (_, Work::Read) => &[],
        }
    }
}
