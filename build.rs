//! Tells the program which commit, compiler and target it was built from; "unknown" where that cannot be found out.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the package directory");
    // Only a repository whose top is this package speaks of this package.
    let top = output(Command::new("git").args(["-C", &root, "rev-parse", "--show-toplevel"]));
    let same = |top: &String| Path::new(top).canonicalize().ok() == Path::new(&root).canonicalize().ok();
    let ours = top.as_ref().is_some_and(same);
    let git = |arguments: &[&str]| {
        let found = ours.then(|| output(Command::new("git").arg("-C").arg(&root).args(arguments)));
        found.flatten()
    };
    let commit = git(&["rev-parse", "HEAD"]);
    let dirty = git(&["status", "--porcelain"]).map(|changes| !changes.is_empty());
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let rustc = output(Command::new(rustc).arg("--version"));
    let target = env::var("TARGET").ok();
    let profile = env::var("PROFILE").ok();
    let unknown = || "unknown".to_owned();
    println!("cargo::rustc-env=TIERSIM_GIT_COMMIT={}", commit.unwrap_or_else(unknown));
    println!("cargo::rustc-env=TIERSIM_GIT_DIRTY={}", dirty.map_or_else(unknown, |dirty| dirty.to_string()));
    println!("cargo::rustc-env=TIERSIM_RUSTC={}", rustc.unwrap_or_else(unknown));
    println!("cargo::rustc-env=TIERSIM_TARGET={}", target.unwrap_or_else(unknown));
    println!("cargo::rustc-env=TIERSIM_PROFILE={}", profile.unwrap_or_else(unknown));
    println!("cargo::rerun-if-changed=build.rs");
    for watched in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    for name in ["HEAD", "index", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--path-format=absolute", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

/// What a command printed, when it succeeded.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
