//! Lets the binary start where Python is gone.
//!
//! The binary is not linked with libpython but with a stand-in that has the same name and the
//! same symbols and no code. Commands that run no Python load the stand-in; the process that
//! becomes the worker is started with the real libpython preloaded, which then answers to that
//! name. No linker needs to know of this, and a Python without a shared library, or without its
//! development files, is good enough to build with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const QUESTION: &str = "\
import sys, sysconfig
get = sysconfig.get_config_var
print(get('INSTSONAME') or '')
print(get('LIBDIR') or '')
print(get('MULTIARCH') or '')
print(sys.prefix)
print(sys.base_prefix)
print('.'.join(map(str, sys.version_info[:3])))
";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CC");
    let configuration = pyo3_build_config::get();
    let executable = configuration.executable().unwrap_or("python3");
    let answer = Command::new(executable)
        .args(["-I", "-S", "-c", QUESTION])
        .output()
        .unwrap_or_else(|problem| panic!("cannot run `{executable}`: {problem}"));
    assert!(answer.status.success(), "`{executable}` does not answer: {answer:?}");
    let answer = String::from_utf8(answer.stdout).expect("Python's paths are UTF-8");
    let mut lines = answer.lines();
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let (installed_name, library_directory, multiarch, _prefix, base_prefix, version) =
        (line(), line(), line(), line(), line(), line());

    let short = version.rsplit_once('.').map_or(version.as_str(), |(short, _)| short);
    // A static Python gives the name of an archive; the shared library would have this name.
    let name =
        if installed_name.contains(".so") { installed_name } else { format!("libpython{short}.so.1.0") };
    let directories = [
        PathBuf::from(&library_directory),
        Path::new(&library_directory).join(&multiarch),
        Path::new("/usr/lib").join(&multiarch),
        Path::new("/usr/lib64").to_owned(),
        Path::new(&base_prefix).join("lib"),
    ];
    let library = directories.iter().map(|directory| directory.join(&name)).find(|path| path.is_file());

    println!("cargo::rustc-env=ASSAY_PYTHON_EXECUTABLE={executable}");
    println!("cargo::rustc-env=ASSAY_PYTHON_VERSION={version}");
    println!("cargo::rustc-env=ASSAY_PYTHON_LIBRARY_NAME={name}");
    let directories: Vec<_> = directories.iter().map(|path| path.display().to_string()).collect();
    println!("cargo::rustc-env=ASSAY_PYTHON_LIBRARY_DIRECTORIES={}", directories.join(":"));

    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        // The loaders of other systems are not taught this trick: linked as usual.
        println!("cargo::metadata=directory={library_directory}");
        println!("cargo::metadata=library={}", configuration.lib_name().unwrap_or("python3"));
        return;
    }
    let symbols_of = library.clone().unwrap_or_else(|| PathBuf::from(executable));
    let bytes = fs::read(&symbols_of)
        .unwrap_or_else(|problem| panic!("cannot read `{}`: {problem}", symbols_of.display()));
    let symbols = python_symbols(&bytes)
        .unwrap_or_else(|| panic!("`{}` has no table of dynamic symbols", symbols_of.display()));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let stand_in = build_stand_in(&out, &name, &symbols);
    println!("cargo::metadata=stand_in={}", stand_in.display());
    let directory = library.as_deref().and_then(Path::parent).unwrap_or(Path::new(&library_directory));
    println!("cargo::metadata=directory={}", directory.display());
}

/// Compiles a shared library in which every symbol exists and every function traps.
fn build_stand_in(out: &Path, name: &str, symbols: &[(String, bool)]) -> PathBuf {
    let mut code = String::new();
    for (symbol, is_function) in symbols {
        code.push_str(&match is_function {
            true => format!("void {symbol}(void) {{ __builtin_trap(); }}\n"),
            false => format!("char {symbol}[16];\n"),
        });
    }
    let source = out.join("stand_in.c");
    fs::write(&source, code).expect("OUT_DIR can be written");
    let library = out.join(name);
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let status = Command::new(&compiler)
        .args(["-shared", "-fPIC", "-nostdlib", "-w", "-O0", "-o"])
        .arg(&library)
        .arg(format!("-Wl,-soname,{name}"))
        .arg(&source)
        .status()
        .unwrap_or_else(|problem| panic!("cannot run `{compiler}`: {problem}"));
    assert!(status.success(), "`{compiler}` cannot build a shared library");
    library
}

/// The symbols of Python's interface that an ELF file exports; `true` for a function.
fn python_symbols(bytes: &[u8]) -> Option<Vec<(String, bool)>> {
    const DYNAMIC_SYMBOLS: u32 = 11;
    let wide = match bytes.get(..6)? {
        [0x7f, b'E', b'L', b'F', 2, 1] => true,
        [0x7f, b'E', b'L', b'F', 1, 1] => false,
        _ => return None,
    };
    let number = |at: usize, size: usize| -> Option<usize> {
        let mut value = 0;
        for byte in bytes.get(at..at.checked_add(size)?)?.iter().rev() {
            value = value << 8 | usize::from(*byte);
        }
        Some(value)
    };
    let (headers, header_size, header_count) = match wide {
        true => (number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?),
        false => (number(0x20, 4)?, number(0x2e, 2)?, number(0x30, 2)?),
    };
    // Offset, size and link of a section.
    let section = |index: usize| -> Option<(usize, usize, usize)> {
        let header = headers + index * header_size;
        match wide {
            true => Some((number(header + 0x18, 8)?, number(header + 0x20, 8)?, number(header + 0x28, 4)?)),
            false => Some((number(header + 0x10, 4)?, number(header + 0x14, 4)?, number(header + 0x18, 4)?)),
        }
    };
    let table = (0..header_count)
        .find(|index| number(headers + index * header_size + 4, 4) == Some(DYNAMIC_SYMBOLS as usize))?;
    let (symbols, size, names) = section(table)?;
    let (names, _, _) = section(names)?;
    let entry_size = if wide { 24 } else { 16 };
    let mut found = Vec::new();
    for entry in (symbols..symbols + size).step_by(entry_size) {
        let (information, defined_in) = match wide {
            true => (number(entry + 4, 1)?, number(entry + 6, 2)?),
            false => (number(entry + 12, 1)?, number(entry + 14, 2)?),
        };
        let kind = information & 0xf;
        if defined_in == 0 || !(kind == 1 || kind == 2) {
            continue;
        }
        let name = bytes.get(names + number(entry, 4)?..)?;
        let name = std::str::from_utf8(&name[..name.iter().position(|byte| *byte == 0)?]).ok()?;
        if name.starts_with("Py") || name.starts_with("_Py") {
            found.push((name.to_owned(), kind == 2));
        }
    }
    found.sort();
    found.dedup();
    Some(found)
}
