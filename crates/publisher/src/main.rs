//! `sealwright-publisher`: from a directory to a promoted, proven artifact.

use std::process::ExitCode;

use anstream::{eprintln, println};
use clap::Parser as _;
use sealwright_publisher::cli::Arguments;
use sealwright_publisher::commands::{self, Failure, USAGE};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(talk) => {
            let usage = talk.use_stderr();
            // Nothing more can be said when even this cannot be written.
            let _ = talk.print();
            return if usage { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match commands::run(arguments.command) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            tell(&failure);
            ExitCode::from(failure.code)
        }
    }
}

fn tell(failure: &Failure) {
    for finding in &failure.findings {
        eprintln!("error: {finding}");
    }
}
