//! CLUSTER, and what clients of a cluster send. This server is no node of one (`cluster-enabled` can't be
//! set), and says so as a redis-server that is none does: clients ask in order to find out.

use super::context::Context;
use super::error::{Error, Result};
use crate::resp::{Args, Reply};

/// All of them: their rows in the table say what they would take.
pub fn disabled(_ctx: &mut Context<'_>, _args: Args<'_>, _reply: &mut Reply) -> Result {
    Err(Error::new("ERR This instance has cluster support disabled"))
}
