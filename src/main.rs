//! The program `unbrick`: parse, run, print the report, exit code.

fn main() -> std::process::ExitCode {
    unbrick::cli::main()
}
