//! From a [`Command`] to its handler: one `match` over all rows of the table.

use super::context::Context;
use super::error::Result;
use crate::catalogue::Command;
use crate::catalogue::table::table;
use crate::resp::{Args, Reply};

macro_rules! handlers {
    ($($module:tt $group:literal @$section:tt {
        $($variant:ident $name:literal $arity:literal [$($flag:tt)*] $(@[$($category:tt)*])?
            [$($key:tt)*] => $($handler:ident)::+;
            $syntax:literal $since:literal $complexity:literal $summary:literal
            $(.$more:ident $value:tt)*)*
    })*) => {
        /// Calls the command's handler. The compiler makes a jump table of this.
        #[inline]
        pub fn dispatch(
            command: Command,
            ctx: &mut Context<'_>,
            args: Args<'_>,
            reply: &mut Reply,
        ) -> Result {
            match command {
                $($(Command::$variant => {
                    handlers!(@path $module $($handler)::+)(ctx, args, reply)
                })*)*
            }
        }

        /// The path of the command's handler, as the compiler has it: for people who read the source.
        pub fn path_of(command: Command) -> &'static str {
            match command {
                $($(Command::$variant => {
                    std::any::type_name_of_val(&handlers!(@path $module $($handler)::+))
                })*)*
            }
        }
    };
    (@path $module:tt container) => { super::help::container };
    (@path $module:tt help) => { super::help::help };
    (@path [$($module:ident)::+] $($handler:ident)::+) => {
        super::$($module::)+$($handler)::+
    };
}

table!(handlers);
