//! Isolation: what keeps code under examination from doing harm, layer by layer. Each layer is
//! tried, and what this machine cannot give is named. `docs/isolation.md` says what is promised.
//!
//! Called in the worker: [`hide`] once in the zygote, [`separate`] in the process that watches
//! over a question, [`restrict`] in the process that runs target code. All three run in processes
//! with one thread.

use std::path::PathBuf;

use super::request::Limits;

#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod view;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use portable as platform;

/// A layer of isolation. The printed name stands in evidence and in `doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A file system of its own, in which only what must be read exists, and only to be read.
    MountNamespace,
    /// Processes of its own, all of which end with the question.
    ProcessNamespace,
    /// A network of its own with nothing but a loopback.
    NetworkNamespace,
    /// Shared memory and semaphores of its own.
    IpcNamespace,
    /// Bounds on processor time, memory, processes, open files and file size.
    Limits,
    /// None of the privileges of the user who started it, and no way to gain any.
    NoPrivileges,
    /// The kernel's own rule that files are read-only outside of the scratch directory.
    Landlock,
    /// System calls that a proof has no business with are refused.
    SystemCallFilter,
}

impl Layer {
    /// Every layer, from the outside in.
    pub const ALL: [Layer; 8] = [
        Layer::MountNamespace,
        Layer::ProcessNamespace,
        Layer::NetworkNamespace,
        Layer::IpcNamespace,
        Layer::Limits,
        Layer::NoPrivileges,
        Layer::Landlock,
        Layer::SystemCallFilter,
    ];

    /// The name in print.
    pub fn name(self) -> &'static str {
        match self {
            Layer::MountNamespace => "mount-namespace",
            Layer::ProcessNamespace => "process-namespace",
            Layer::NetworkNamespace => "network-namespace",
            Layer::IpcNamespace => "ipc-namespace",
            Layer::Limits => "limits",
            Layer::NoPrivileges => "no-privileges",
            Layer::Landlock => "landlock",
            Layer::SystemCallFilter => "system-call-filter",
        }
    }
}

/// What is in force, and what is missing and why.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The layers that work.
    pub in_force: Vec<Layer>,
    /// The layers that do not, each with the reason.
    pub missing: Vec<(Layer, String)>,
    /// What the target writes beside its own files goes to a copy of this question alone; or why
    /// it cannot be written at all.
    pub private_copy: Option<Result<(), String>>,
}

impl Layers {
    /// Notes how an attempt ended.
    pub fn note(&mut self, layer: Layer, result: Result<(), String>) {
        match result {
            Ok(()) => self.in_force.push(layer),
            Err(problem) => self.missing.push((layer, problem)),
        }
    }

    /// Whether a layer works.
    pub fn has(&self, layer: Layer) -> bool {
        self.in_force.contains(&layer)
    }
}

/// What the processes of a session may see.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct View {
    /// Files and directories that may be read: the target, third-party packages.
    pub readable: Vec<PathBuf>,
    /// The directory that holds the scratch directories of all questions.
    pub scratch: PathBuf,
}

/// In the zygote, once: a file system with nothing but the view.
pub fn hide(view: &View, layers: &mut Layers) {
    platform::hide(view, layers);
}

/// In the zygote, per question: `fork`, where possible into namespaces of its own. Returns 0 in
/// the new process, where `layers` says what became of the namespaces.
///
/// # Safety
///
/// The caller has one thread.
pub unsafe fn separate(layers: &mut Layers) -> std::io::Result<libc::pid_t> {
    // SAFETY: as promised by the caller.
    unsafe { platform::separate(layers) }
}

/// In the process that watches over a question: what only it can set up (`/proc`, the loopback,
/// and over the target's root a layer that takes what the target writes there).
pub fn furnish(root: &std::path::Path, scratch: &std::path::Path, layers: &mut Layers) {
    platform::furnish(root, scratch, layers);
}

/// In the process that is about to run target code: everything that can be taken away is.
pub fn restrict(
    view: &View,
    root: &std::path::Path,
    scratch: &std::path::Path,
    limits: &Limits,
    layers: &mut Layers,
) {
    layers.note(Layer::Limits, limit(limits));
    platform::restrict(view, root, scratch, layers);
}

/// The limits that every Unix has.
fn limit(limits: &Limits) -> Result<(), String> {
    let set = |resource, name: &str, soft: u64, hard: u64| -> Result<(), String> {
        let limit = libc::rlimit { rlim_cur: soft as libc::rlim_t, rlim_max: hard as libc::rlim_t };
        // SAFETY: `limit` lives through the call.
        match unsafe { libc::setrlimit(resource, &limit) } {
            0 => Ok(()),
            _ => Err(format!("{name}: {}", std::io::Error::last_os_error())),
        }
    };
    set(libc::RLIMIT_CORE, "core", 0, 0)?;
    set(libc::RLIMIT_CPU, "processor time", limits.cpu_s, limits.cpu_s + 1)?;
    set(libc::RLIMIT_NOFILE, "open files", limits.open_files, limits.open_files)?;
    set(libc::RLIMIT_FSIZE, "file size", limits.file_size, limits.file_size)?;
    #[cfg(target_os = "linux")]
    set(libc::RLIMIT_NPROC, "processes", limits.processes, limits.processes)?;
    set(libc::RLIMIT_AS, "memory", limits.memory, limits.memory)
}

/// What this machine can give, found out by trying in a process that is thrown away.
pub fn survey() -> Layers {
    platform::survey()
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use super::{Layer, Layers, View};

    fn none_of(layers: &mut Layers, which: &[Layer]) {
        for layer in which {
            layers.note(*layer, Err(format!("not on {}", std::env::consts::OS)));
        }
    }

    pub(super) fn hide(_: &View, layers: &mut Layers) {
        none_of(layers, &[Layer::MountNamespace]);
    }

    pub(super) unsafe fn separate(layers: &mut Layers) -> std::io::Result<libc::pid_t> {
        none_of(layers, &[Layer::ProcessNamespace, Layer::NetworkNamespace, Layer::IpcNamespace]);
        // SAFETY: the caller has one thread.
        match unsafe { libc::fork() } {
            -1 => Err(std::io::Error::last_os_error()),
            process => Ok(process),
        }
    }

    pub(super) fn furnish(_: &std::path::Path, _: &std::path::Path, _: &mut Layers) {}

    pub(super) fn restrict(_: &View, _: &std::path::Path, _: &std::path::Path, layers: &mut Layers) {
        none_of(layers, &[Layer::NoPrivileges, Layer::Landlock, Layer::SystemCallFilter]);
    }

    pub(super) fn survey() -> Layers {
        let mut layers = Layers::default();
        layers.note(Layer::Limits, Ok(()));
        hide(&View::default(), &mut layers);
        none_of(&mut layers, &[Layer::ProcessNamespace, Layer::NetworkNamespace, Layer::IpcNamespace]);
        let nowhere = std::path::Path::new("/");
        restrict(&View::default(), nowhere, nowhere, &mut layers);
        layers
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::CString;
    use std::io;
    use std::path::Path;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        RulesetStatus, Scope, path_beneath_rules,
    };

    use super::{Layer, Layers, View, filter, view};

    /// Files outside of the target that ordinary code reads. What is not there is left out.
    pub(super) const SYSTEM: &[&str] = &[
        "/usr",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/bin",
        "/sbin",
        "/etc/alternatives",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/nsswitch.conf",
        "/etc/hosts",
        "/etc/host.conf",
        "/etc/passwd",
        "/etc/group",
        "/etc/services",
        "/etc/protocols",
        "/etc/mime.types",
        "/etc/os-release",
        "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf",
        "/etc/pki/tls/certs",
        "/nix/store",
    ];

    /// What of `/proc` can be read. The memory of this very process cannot: the number lies there
    /// by which its answer is told from a forged one.
    const PROCESS: &[&str] = &[
        "cgroup",
        "cmdline",
        "comm",
        "environ",
        "fdinfo",
        "io",
        "limits",
        "maps",
        "mountinfo",
        "mounts",
        "net",
        "oom_score",
        "smaps",
        "stat",
        "statm",
        "status",
    ];
    const MACHINE: &[&str] = &[
        "cpuinfo",
        "devices",
        "diskstats",
        "filesystems",
        "loadavg",
        "meminfo",
        "partitions",
        "stat",
        "swaps",
        "sys",
        "uptime",
        "version",
        "vmstat",
    ];

    /// Devices that are as good as files.
    pub(super) const DEVICES: &[&str] =
        &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

    pub(super) fn hide(view: &View, layers: &mut Layers) {
        layers.note(Layer::MountNamespace, view::enter(view));
    }

    pub(super) unsafe fn separate(layers: &mut Layers) -> io::Result<libc::pid_t> {
        // Whoever could make a mount namespace has the privileges for the others as well, if need
        // be in a user namespace that was made for it.
        let user = match privileged() || layers.has(Layer::MountNamespace) {
            true => 0,
            false => libc::CLONE_NEWUSER,
        };
        let all = libc::CLONE_NEWPID | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
        let own_mounts = if layers.has(Layer::MountNamespace) { libc::CLONE_NEWNS } else { 0 };
        let wishes = [all | own_mounts, all, libc::CLONE_NEWPID | libc::CLONE_NEWIPC, libc::CLONE_NEWPID, 0];
        let mut problem = String::new();
        for wish in wishes {
            let flags = if wish == 0 { 0 } else { wish | user };
            let identity = (
                // SAFETY: these calls cannot fail.
                unsafe { libc::getuid() },
                // SAFETY: the same.
                unsafe { libc::getgid() },
            );
            // SAFETY: the caller has one thread. Without CLONE_VM this is `fork`; the new process
            // keeps its stack, and does nothing with Python before it forks again.
            let process = unsafe {
                libc::syscall(
                    libc::SYS_clone,
                    flags as libc::c_ulong | libc::SIGCHLD as libc::c_ulong,
                    0,
                    0,
                    0,
                    0,
                )
            };
            if process < 0 {
                problem = io::Error::last_os_error().to_string();
                continue;
            }
            if process == 0 {
                if flags & libc::CLONE_NEWUSER != 0 {
                    map_user(identity);
                }
                for (flag, layer) in [
                    (libc::CLONE_NEWPID, Layer::ProcessNamespace),
                    (libc::CLONE_NEWNET, Layer::NetworkNamespace),
                    (libc::CLONE_NEWIPC, Layer::IpcNamespace),
                ] {
                    layers.note(layer, if flags & flag != 0 { Ok(()) } else { Err(problem.clone()) });
                }
            }
            return Ok(process as libc::pid_t);
        }
        Err(io::Error::other(problem))
    }

    /// Whether namespaces can be made without a user namespace around them.
    pub(super) fn privileged() -> bool {
        // SAFETY: the call cannot fail.
        (unsafe { libc::geteuid() }) == 0
    }

    /// In a fresh user namespace: the user stays who it is.
    pub(super) fn map_user((user, group): (libc::uid_t, libc::gid_t)) {
        // Without a mapping the process is `nobody` and still confined; nothing to report.
        let _ = std::fs::write("/proc/self/setgroups", "deny");
        let _ = std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"));
        let _ = std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"));
    }

    pub(super) fn furnish(root: &Path, scratch: &Path, layers: &mut Layers) {
        if layers.has(Layer::MountNamespace) && layers.has(Layer::ProcessNamespace) {
            view::mount_private();
            // Without it the target is merely read-only.
            layers.private_copy = Some(view::cover(root, scratch));
        } else if layers.has(Layer::MountNamespace) {
            view::hide_proc();
        }
        if layers.has(Layer::NetworkNamespace)
            && let Err(problem) = raise_loopback()
        {
            layers.in_force.retain(|layer| *layer != Layer::NetworkNamespace);
            layers.note(Layer::NetworkNamespace, Err(format!("no loopback in it: {problem}")));
        }
    }

    fn raise_loopback() -> io::Result<()> {
        // SAFETY: a plain socket, an `ifreq` that is all zero but for the name and the flags.
        unsafe {
            let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
            if socket < 0 {
                return Err(io::Error::last_os_error());
            }
            let mut request: libc::ifreq = std::mem::zeroed();
            request.ifr_name[0] = b'l' as libc::c_char;
            request.ifr_name[1] = b'o' as libc::c_char;
            request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
            let result = libc::ioctl(socket, libc::SIOCSIFFLAGS, &request);
            let problem = io::Error::last_os_error();
            libc::close(socket);
            if result < 0 { Err(problem) } else { Ok(()) }
        }
    }

    pub(super) fn restrict(view: &View, root: &Path, scratch: &Path, layers: &mut Layers) {
        if !privileged() && layers.has(Layer::MountNamespace) {
            // Processes are counted per user namespace: one question's bomb is not another's limit.
            // SAFETY: plain calls; this process has one thread.
            let (identity, apart) =
                unsafe { ((libc::getuid(), libc::getgid()), libc::unshare(libc::CLONE_NEWUSER)) };
            if apart == 0 {
                map_user(identity);
            }
        }
        layers.note(Layer::NoPrivileges, drop_privileges());
        let own_network = layers.has(Layer::NetworkNamespace);
        let covered = matches!(layers.private_copy, Some(Ok(()))).then_some(root);
        layers.note(Layer::Landlock, landlock(view, scratch, covered, own_network));
        let sockets_hidden = layers.has(Layer::MountNamespace);
        layers.note(Layer::SystemCallFilter, filter::apply(own_network, sockets_hidden));
    }

    fn drop_privileges() -> Result<(), String> {
        #[repr(C)]
        struct Header {
            version: u32,
            process: libc::c_int,
        }
        const VERSION_3: u32 = 0x2008_0522;
        // SAFETY: plain numbers, and structures that live through the calls.
        unsafe {
            for capability in 0..64 {
                libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
            }
            libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
            let header = Header { version: VERSION_3, process: 0 };
            let nothing = [0u32; 6];
            if libc::syscall(libc::SYS_capset, &header, nothing.as_ptr()) != 0 {
                return Err(format!("capabilities: {}", io::Error::last_os_error()));
            }
            if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
                return Err(format!("no new privileges: {}", io::Error::last_os_error()));
            }
        }
        Ok(())
    }

    fn landlock(
        view: &View,
        scratch: &Path,
        covered: Option<&Path>,
        own_network: bool,
    ) -> Result<(), String> {
        let abi = ABI::V6;
        let attempt = || -> Result<RulesetStatus, landlock::RulesetError> {
            let mut ruleset = Ruleset::default()
                .set_compatibility(CompatLevel::BestEffort)
                .handle_access(AccessFs::from_all(abi))?
                .scope(Scope::from_all(abi))?;
            if !own_network {
                // No rule allows any port: binding and connecting are refused altogether.
                ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
            }
            let system = SYSTEM.iter().map(|path| Path::new(path).to_owned());
            let readable = view.readable.iter().cloned().chain(system);
            let own = PROCESS.iter().map(|name| Path::new("/proc/self").join(name));
            let machine = MACHINE.iter().map(|name| Path::new("/proc").join(name));
            let listing = AccessFs::ReadDir;
            let devices = DEVICES.iter().map(|path| Path::new(path).to_owned());
            Ok(ruleset
                .create()?
                .add_rules(path_beneath_rules(readable, AccessFs::from_read(abi)))?
                .add_rules(path_beneath_rules(["/proc"], listing))?
                .add_rules(path_beneath_rules(own.chain(machine), AccessFs::from_read(abi)))?
                .add_rules(path_beneath_rules(devices, AccessFs::from_read(abi) | AccessFs::WriteFile))?
                .add_rules(path_beneath_rules(["/dev/shm"], AccessFs::from_all(abi)))?
                .add_rules(path_beneath_rules([scratch], AccessFs::from_all(abi)))?
                .add_rules(path_beneath_rules(covered, AccessFs::from_all(abi)))?
                .restrict_self()?
                .ruleset)
        };
        match attempt() {
            Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
            Ok(RulesetStatus::NotEnforced) => Err("this kernel has no Landlock".to_owned()),
            Err(problem) => Err(problem.to_string()),
        }
    }

    pub(super) fn survey() -> Layers {
        let mut layers = Layers::default();
        let Ok(scratch) = tempfile::tempdir() else { return layers };
        let mut pipe = [0; 2];
        // SAFETY: `pipe` has room for two descriptors. The new process only makes system calls
        // and writes a few bytes; it is told to by a process that may have threads, so that it
        // must not wait for a lock that one of them held.
        let text = unsafe {
            if libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
                return layers;
            }
            let process = libc::fork();
            if process == 0 {
                libc::close(pipe[0]);
                let told = survey_here(scratch.path());
                libc::write(pipe[1], told.as_ptr().cast(), told.len());
                libc::_exit(0);
            }
            libc::close(pipe[1]);
            let mut text = Vec::new();
            let mut buffer = [0u8; 4096];
            loop {
                let count = libc::read(pipe[0], buffer.as_mut_ptr().cast(), buffer.len());
                if count <= 0 {
                    break;
                }
                text.extend_from_slice(&buffer[..count as usize]);
            }
            libc::close(pipe[0]);
            libc::waitpid(process, std::ptr::null_mut(), 0);
            String::from_utf8_lossy(&text).into_owned()
        };
        for layer in Layer::ALL {
            let line = text.lines().find_map(|line| line.strip_prefix(layer.name())?.strip_prefix('='));
            layers.note(
                layer,
                match line {
                    Some("") => Ok(()),
                    Some(problem) => Err(problem.to_owned()),
                    None => Err("could not be tried".to_owned()),
                },
            );
        }
        layers
    }

    /// Tries every layer in this very process.
    fn survey_here(scratch: &Path) -> String {
        let mut layers = Layers::default();
        let view = View { readable: Vec::new(), scratch: scratch.to_owned() };
        hide(&view, &mut layers);
        // SAFETY: the caller has just forked and has one thread.
        match unsafe { separate(&mut layers) } {
            Ok(0) => {
                furnish(scratch, scratch, &mut layers);
                super::restrict(&view, scratch, scratch, &super::Limits::default(), &mut layers);
                let mut text = String::new();
                for layer in &layers.in_force {
                    text.push_str(&format!("{}=\n", layer.name()));
                }
                for (layer, problem) in &layers.missing {
                    text.push_str(&format!("{}={}\n", layer.name(), problem.replace('\n', " ")));
                }
                text
            }
            // SAFETY: a child of this process.
            Ok(process) => unsafe {
                libc::waitpid(process, std::ptr::null_mut(), 0);
                libc::_exit(0);
            },
            Err(problem) => format!("{}={problem}\n", Layer::ProcessNamespace.name()),
        }
    }

    pub(super) fn text(path: &Path) -> Result<CString, String> {
        use std::os::unix::ffi::OsStrExt;
        CString::new(path.as_os_str().as_bytes()).map_err(|_| "a path with a NUL".to_owned())
    }
}
