//! Where the socket of a root lies. Only its owner may enter the folder, so whoever is connected is the same user.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use janus_cache::digest::FramedHasher;
use janus_cache::fs;
use janus_cache::store::Layout;

/// The address of a socket has room for 108 bytes, the last of which is 0; other systems have 104.
const MAX_ADDRESS_BYTES: usize = 103;

/// The socket and the lock of the watcher of one root.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    dir: PathBuf,
    name: String,
}

impl Place {
    /// Of a root, without links, with its cache.
    pub(crate) fn of(cache_dir: &Path, root: &Path) -> Self {
        let mut hasher = FramedHasher::new("janus-cache 2026-11 watched root v1");
        hasher.field("root", root.as_os_str().as_encoded_bytes());
        // A process in another container may see other files under the same name: it has to look for another socket.
        if let Ok(mounts) = std::fs::read_link("/proc/self/ns/mnt") {
            hasher.field("mounts", mounts.as_os_str().as_encoded_bytes());
        }
        let number =
            hasher.finish().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let name = format!("{number:016x}");
        Self { dir: Layout::new(cache_dir).state_dir().join("watch"), name }
    }

    pub(super) fn socket_name(&self) -> String {
        format!("{}.sock", self.name)
    }

    pub(crate) fn socket_file(&self) -> PathBuf {
        self.dir.join(self.socket_name())
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.dir.join(format!("{}.lock", self.name))
    }

    /// Makes the folder, or closes to others the one that is there.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        fs::create_private(&self.dir)?;
        if !self.is_private() {
            // Fails where it is somebody else's.
            std::fs::set_permissions(&self.dir, std::fs::Permissions::from_mode(0o700))?;
        }
        if self.is_private() { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    /// Whether nobody else can put a socket there.
    pub(crate) fn is_private(&self) -> bool {
        std::fs::symlink_metadata(&self.dir).is_ok_and(|found| {
            // No bit for the group, none for others.
            found.is_dir()
                && found.permissions().mode().trailing_zeros() >= 6
                && fs::foreign_owner(&found).is_none()
        })
    }

    /// Takes the place of what a killed watcher left. Only for who holds the lock.
    pub(super) fn bind(&self) -> io::Result<UnixListener> {
        fs::remove_file(&self.socket_file())?;
        let listener = self.with_address(|address| UnixListener::bind(address))?;
        std::fs::set_permissions(self.socket_file(), std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    }

    /// Never waits: a watcher that was stopped would let its callers hang.
    pub(super) fn connect(&self) -> io::Result<UnixStream> {
        if !self.is_private() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.with_address(connect_now)
    }

    /// Calls `used` with a path of the socket that fits into an address: where it is too long, one that begins at the
    /// open folder.
    fn with_address<T>(&self, used: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
        let socket = self.socket_file();
        if socket.as_os_str().len() <= MAX_ADDRESS_BYTES {
            return used(&socket);
        }
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd as _;
            let dir = std::fs::File::open(&self.dir)?;
            used(&Path::new("/proc/self/fd").join(dir.as_raw_fd().to_string()).join(self.socket_name()))
        }
        #[cfg(not(target_os = "linux"))]
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "the path of a socket has {MAX_ADDRESS_BYTES} bytes at most, {} has more",
                socket.display()
            ),
        ))
    }
}

#[cfg(target_os = "linux")]
fn connect_now(address: &Path) -> io::Result<UnixStream> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(address)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

#[cfg(not(target_os = "linux"))]
fn connect_now(address: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_others_may_enter_is_closed_before_it_is_used() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let place = Place::of(dir.path(), Path::new("/root"));
        assert!(!place.is_private(), "there is none");
        std::fs::create_dir_all(&place.dir).expect("made");
        std::fs::set_permissions(&place.dir, std::fs::Permissions::from_mode(0o755)).expect("ours");
        assert!(place.connect().is_err());
        place.prepare().expect("ours");
        assert!(place.is_private());
        let listener = place.bind().expect("bound");
        let mode = std::fs::metadata(place.socket_file()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        place.connect().expect("somebody listens");
        drop(listener);
        assert_eq!(place.connect().expect_err("nobody does").kind(), io::ErrorKind::ConnectionRefused);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_deep_down_is_reached_from_its_open_folder() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let place = Place::of(&dir.path().join("x".repeat(120)), Path::new("/root"));
        place.prepare().expect("made");
        let _listener = place.bind().expect("bound");
        place.connect().expect("somebody listens");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_watcher_that_takes_no_more_calls_is_not_waited_for() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let place = Place::of(dir.path(), Path::new("/root"));
        place.prepare().expect("made");
        let _listener = place.bind().expect("bound");
        // Calls keep their places in the queue although they are ended.
        let refused = (0..10_000).find_map(|_| place.connect().err());
        assert_eq!(refused.map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
    }
}
