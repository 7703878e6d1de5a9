# shellcheck shell=bash
#
# Read by the scripts that work in roots of other distributions: makes and
# enters these.  All mounts are in a namespace that ends with the processes in
# it.  The packages come from where this machine has its own, or from MIRROR,
# SECURITY_MIRROR and UBUNTU_MIRROR.

# shellcheck source=tools/common.sh
. "$top/tools/common.sh"
program=$(basename "$0")
roots=${ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/poa_suppress}
closing='^[0-9]+ passed, [0-9]+ failed$'
work=            # the folder of this run, once there is one

die()
{
	echo "$program: $*" >&2
	exit 1
}

# Nothing can be run here: another exit status than that of a failed test.
cannot()
{
	echo "skip    $program: not run: $*" >&2
	exit 3
}

# result STATUS NAME TEXT: a line for the reader, and one to count
result()
{
	printf "%-6s  $program/%-7s %s\n" "$@" | tee -a "$work/results"
}

# mirror_of ORIGIN LABEL: the first in apt's own sources, which may be a list
mirror_of()
{
	local mirror
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Origin: $1" "Label: $2" | head -n 1)
	[[ $mirror != mirror+file:* ]] || mirror=$(grep -o -m 1 'https\?://[^[:space:]]*' "${mirror#mirror+file:}")
	echo "${mirror%/}"
} 2>/dev/null

# whether roots can be had here, and a folder for this run
begin_roots()
{
	[ "$(id -u)" -eq 0 ] || cannot "making and entering the roots takes root: sudo make $program"
	command -v mmdebstrap >/dev/null || cannot "needs mmdebstrap: apt-get install mmdebstrap"
	unshare --mount --pid --net --ipc --fork true || cannot "may not make namespaces here"
	debian=${MIRROR:-$(mirror_of Debian Debian)}
	security=${SECURITY_MIRROR:-$(mirror_of Debian Debian-Security)}
	ubuntu=${UBUNTU_MIRROR:-$(mirror_of Ubuntu Ubuntu)}
	[ -n "$debian" ] || cannot "MIRROR names no mirror of Debian, nor do this machine's package sources"

	mkdir -p "$roots" && work=$(mktemp -d "$roots/$program.XXXXXX") || exit
	at_end 'rm -rf --one-file-system "$work"'
	chmod 755 "$work"
}

# make_root ROOT SUITE OPTION... <SOURCES: what mmdebstrap makes of it; with this
# machine's ways into the network, and lists that may be older than they admit
make_root()
{
	local root=$1 suite=$2
	shift 2
	rm -rf --one-file-system "$root"
	unshare --mount mmdebstrap --variant=apt --format=directory --dpkgopt=force-unsafe-io --aptopt="$(apt-config dump Acquire | grep -E '^Acquire::(https?|Retries|Check-Date)')" \
		--aptopt='Acquire::Check-Valid-Until "false"' "$@" \
		--customize-hook='cp -L /etc/hosts /etc/resolv.conf "$1/etc/"' "$suite" "$root" - && return
	rm -rf --one-file-system "$root"
	return 1
}

# inside [--online] ROOT COMMAND...: in the root, with the source tree at /src
# for reading, and a /tmp of its own; bash stays, as somebody has to reap orphans
inside()
{
	local net=--net root tmp
	if [ "$1" = --online ]; then net=; shift; fi
	root=$1 tmp=$work/tmp.${1##*/}
	shift
	mkdir -p "$tmp" "$root/src"
	chmod 1777 "$tmp"
	# shellcheck disable=SC2016 # for the shell in it
	unshare --mount --pid $net --ipc --fork --kill-child --propagation private \
		sh -e -c '
			mount -t proc proc "$1/proc"
			mount --rbind /dev "$1/dev"
			mount --bind -o ro "$2" "$1/src"
			mount --bind "$3" "$1/tmp"
			root=$1
			shift 3
			exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
				bash -c '\''env "$@"; exit'\'' bash "$@"' \
		sh "$root" "$top" "$tmp" "$@"
}
