//! The system call filter: what code under examination has no business with is refused with
//! `EPERM`, so that it is an exception there and not a mystery.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Calls that are refused whatever their arguments.
const REFUSED: &[libc::c_long] = &[
    // Other processes' memory and descriptors.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // The file system's shape.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_quotactl,
    libc::SYS_fanotify_init,
    // Namespaces.
    libc::SYS_unshare,
    libc::SYS_setns,
    // The kernel itself.
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_syslog,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_personality,
    libc::SYS_vhangup,
    // Its queues would carry out calls that this filter never sees.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Keys.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // The clock and the machine's name.
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// Bits of `clone` that ask for namespaces.
const NAMESPACES: u64 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP) as u32 as u64;

/// Applies the filter to this process and its descendants.
pub(super) fn apply(own_network: bool, sockets_hidden: bool) -> Result<(), String> {
    let architecture =
        std::env::consts::ARCH.try_into().map_err(|_| format!("no filter for {}", std::env::consts::ARCH))?;
    let build = || -> Result<(BpfProgram, BpfProgram), seccompiler::BackendError> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        for call in REFUSED {
            rules.insert(*call, Vec::new());
        }
        #[cfg(target_arch = "x86_64")]
        for call in [libc::SYS_kexec_file_load, libc::SYS_iopl, libc::SYS_ioperm] {
            rules.insert(call, Vec::new());
        }
        let mut namespaces = Vec::new();
        for bit in (0..64).map(|bit| 1u64 << bit).filter(|bit| NAMESPACES & bit != 0) {
            let condition =
                SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(bit), bit)?;
            namespaces.push(SeccompRule::new(vec![condition])?);
        }
        rules.insert(libc::SYS_clone, namespaces);
        // Keystrokes into a terminal that somebody else reads.
        let keystrokes = SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, libc::TIOCSTI)?;
        rules.insert(libc::SYS_ioctl, vec![SeccompRule::new(vec![keystrokes])?]);
        let mut families =
            vec![libc::AF_NETLINK, libc::AF_PACKET, libc::AF_VSOCK, libc::AF_ALG, libc::AF_BLUETOOTH];
        if own_network {
            // Listing interfaces is harmless where there is nothing but a loopback.
            families.retain(|family| *family != libc::AF_NETLINK);
        } else {
            families.extend([libc::AF_INET, libc::AF_INET6]);
        }
        if !sockets_hidden {
            families.push(libc::AF_UNIX);
        }
        let mut sockets = Vec::new();
        for family in families {
            let condition =
                SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family as u64)?;
            sockets.push(SeccompRule::new(vec![condition])?);
        }
        rules.insert(libc::SYS_socket, sockets);
        let refuse = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(libc::EPERM as u32),
            architecture,
        )?;
        // The flags of `clone3` lie in memory, where no filter sees them. Told that the call does
        // not exist, the C library falls back to `clone`.
        let absent = SeccompFilter::new(
            BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
            SeccompAction::Allow,
            SeccompAction::Errno(libc::ENOSYS as u32),
            architecture,
        )?;
        Ok((refuse.try_into()?, absent.try_into()?))
    };
    let (refuse, absent) = build().map_err(|problem| problem.to_string())?;
    seccompiler::apply_filter(&refuse).map_err(|problem| problem.to_string())?;
    seccompiler::apply_filter(&absent).map_err(|problem| problem.to_string())
}
