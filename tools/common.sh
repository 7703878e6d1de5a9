# shellcheck shell=bash
#
# Read by the scripts that run others: what they have at work ends with them.

child=           # the process group at work

# attend COMMAND...: runs it in a process group of its own, where a signal to
# this script interrupts the wait and the whole group can be ended.
attend()
{
	local status=0
	set -m
	"$@" <&0 &
	child=$!
	set +m
	wait "$child" || status=$?
	child=
	return $status
}

# Ends what attend has at work, which gets ten seconds to clean up.
end_child()
{
	local group=$child
	child=
	[ -n "$group" ] || return 0
	kill -TERM -- "-$group"
	for _ in {1..50}; do
		kill -0 -- "-$group" || return 0
		sleep 0.2
	done
	kill -KILL -- "-$group"
} 2>/dev/null

# at_end COMMAND: however this script ends, what it has at work is ended first,
# then COMMAND is run
at_end()
{
	# shellcheck disable=SC2064 # COMMAND is known now
	trap "trap - EXIT; trap '' HUP INT TERM; end_child; $1" EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
