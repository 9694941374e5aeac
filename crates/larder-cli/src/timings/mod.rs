//! `--timings`: when what was done, on which thread, as one page of HTML that needs nothing else.

mod page;
mod timeline;

pub(crate) use timeline::Timeline;
