# Instructions per row, which a busy machine does not change. Sourced by run.
#
# The statements go through a single-user backend on a scratch cluster: under
# perf where the processor's counters can be read, else under callgrind, which
# makes a profile too. PERF_EVENT names another event, to try perf without them.
#
# Each statement is a line of the file "script", and has one in the file "tags":
# "-", or what its count is to be recorded as, and by how much to divide it.

event=${PERF_EVENT:-instructions:u}

# line TAG SQL
line()
{
	echo "$1" >>"$tmp/tags"
	tr '\n\t' '  ' <<<"$2" | sed 's/ *$/\n/' >>"$tmp/script"
}

# One alert goes ahead, so that caches are filled and functions compiled.
count_load()
{
	local load=$1 way peer
	line - "CALL bench.make_load('$load', $counted_rows, $counted_tracked)"
	for peer in "${peers[@]}"; do
		line - "COPY ($(select_load "$peer")) TO '$tmp/$peer.copy'"
		for way in $counted_ways; do
			line - "CALL bench.reset('$peer')"
			line - "INSERT INTO $peer.alerts ($columns) $(select_load "$peer") LIMIT 1"
			line - "CALL bench.reset('$peer')"
			line "instructions,$way,$load,$counted_tracked,$peer,instructions,$counted_rows" \
				"$(case $way in
					insert) echo "INSERT INTO $peer.alerts ($columns) $(select_load "$peer")" ;;
					copy) echo "COPY $peer.alerts ($columns) FROM '$tmp/$peer.copy'" ;;
				esac)"
			line - "CALL bench.check('$peer')"
		done
	done
}

# A thousand values, often enough that fetching them does not count.
count_types()
{
	local type way times=${QUICK:+20}
	: "${times:=50}"
	for type in "${types[@]}"; do
		for way in parse print; do
			line - "SELECT $(call_io "$way" "$type" 1)"
			line "instructions,$way,type,-,$type,instructions,$((1000 * times))" \
				"SELECT $(call_io "$way" "$type" "$times")"
		done
	done
}

# Meters that are not tracked yet, one to warm up, then the others; what an INSERT
# of their rows takes, and XMLPARSE of the messages.
count_tracking()
{
	local n=$((counted_tracked + 1)) calls=300 key
	local ignored="replace(replace(message::text, '11.3', '11.1'), 'ActivateFirmware', 'UpdateFirmware')"
	key() { echo "instructions,$1,track,$counted_tracked,$2,instructions,$calls"; }
	set_based()
	{
		echo "SELECT count(poa.track_activation(m.device, NULL, m.device || ':1'))
			FROM (SELECT bench.meter(n) AS device FROM generate_series($1, $2) AS n OFFSET 0) AS m"
	}
	# of_messages COUNTED MESSAGE [FROM]: LIMIT or OFFSET 10 chooses
	of_messages() { echo "SELECT count($1) FROM (SELECT $2 AS m FROM bench.message $3 10) AS m ${4:-}"; }
	line - "$(set_based "$n" "$((n + 9))")"
	line "$(key track_activation poa_suppress)" "$(set_based "$((n + 10))" "$((n + 9 + calls))")"
	line - "CALL bench.insert_activations($n, 10, 3)"
	line "$(key track_activation insert)" "CALL bench.insert_activations($((n + 10)), $calls, 3)"
	line - "$(of_messages r.action message::text LIMIT ', poa.receive(m.m) AS r')"
	line "$(key receive xmlparse)" "$(of_messages 'xmlparse(DOCUMENT m.m)' message::text OFFSET)"
	line "$(key duis_activation poa_suppress)" "$(of_messages r.device message::text OFFSET ', poa.duis_activation(m.m) AS r')"
	line "$(key receive poa_suppress)" "$(of_messages r.action message::text OFFSET ', poa.receive(m.m) AS r')"
	line "$(key ignored xmlparse)" "$(of_messages 'xmlparse(DOCUMENT m.m)' "$ignored" OFFSET)"
	line "$(key ignored poa_suppress)" "$(of_messages r.action "$ignored" OFFSET ', poa.receive(m.m) AS r')"
}

# single_user COMMAND...: the backend, with COMMAND around it
single_user()
{
	as_server "$@" "$(command -v postgres)" --single -D "$tmp/counted" bench >"$tmp/single_user.log" 2>&1 &&
		! grep -E 'ERROR|FATAL|PANIC' "$tmp/single_user.log" ||
		{ tail -n 20 "$tmp/single_user.log" >&2; exit 1; }
}

# record_count TAG TOTAL
record_count()
{
	local section way load size peer unit count
	IFS=, read -r section way load size peer unit count <<<"$1"
	record "$section" "$way" "$load" "$size" "$peer" "$unit" 1 "$(awk "BEGIN { printf \"%.1f\", ($2) / $count }")"
}

# PortalRun is all of the work on a statement; callgrind writes a part of the
# profile at its end, and begins another.
count_with_callgrind()
{
	local part=0 tag file
	single_user valgrind --tool=callgrind --callgrind-out-file="$tmp/callgrind.out" \
		--toggle-collect=PortalRun --dump-after=PortalRun <"$tmp/script"
	while read -r tag; do
		part=$((part + 1))
		[ "$tag" != - ] || continue
		file=$tmp/callgrind.out.$part
		record_count "$tag" "$(sed -n 's/^totals: //p' "$file")"
		cp "$file" "$results/profiles/$(cut -d , -f 2,3,5 --output-delimiter=. <<<"$tag").callgrind"
	done <"$tmp/tags"
	rm -f "$tmp"/callgrind.out*
}

# The counters count whatever the process does, so a run without the statement
# is taken from one with it.
count_with_perf()
{
	local number=0 tag
	while read -r tag; do
		number=$((number + 1))
		[ "$tag" != - ] || continue
		paste -d '\t' "$tmp/tags" "$tmp/script" | head -n $((number - 1)) | sed -n 's/^-\t//p' >"$tmp/without"
		{ cat "$tmp/without"; sed -n "${number}p" "$tmp/script"; } >"$tmp/with"
		record_count "$tag" "$(perf_count "$tmp/with") - $(perf_count "$tmp/without")"
	done <"$tmp/tags"
}

# bench.check would miss what is left out here
perf_count()
{
	grep -v '^CALL bench.check' "$1" >"$tmp/perf_script"
	single_user perf stat -x , -e "$event" -o "$tmp/perf.csv" <"$tmp/perf_script"
	awk -F , '/^[0-9]/ { print $1 }' "$tmp/perf.csv"
}

# A cluster of its own, as two servers cannot share one.
scratch_cluster()
{
	local with=(-h "$tmp" -p 5433)
	as_server initdb -D "$tmp/counted" -U postgres -A trust -N --no-locale --encoding=UTF8 >"$tmp/counted.log"
	as_server tee -a "$tmp/counted/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$tmp'
		port = 5433
		shared_buffers = 512MB
		fsync = off
		jit = off
		autovacuum = off
	CONF
	as_server pg_ctl start -s -w -D "$tmp/counted" -l "$tmp/counted_server.log"
	sql "${with[@]}" -d postgres -c 'CREATE DATABASE bench'
	world "${with[@]}"
	sql "${with[@]}" -f "$here/type.sql" \
		-c "CALL bench.make_inventory($((counted_tracked + 1000)))" \
		-c "CALL bench.track(1, $counted_tracked, $counted_tracked, false)" \
		-c "CALL bench.make_messages($((counted_tracked + 501)), 310)" -c 'CALL bench.make_sample()' -c VACUUM
	as_server pg_ctl stop -s -w -m fast -D "$tmp/counted"
}

instructions()
{
	local load counters
	: >"$tmp/script"
	: >"$tmp/tags"
	for load in $loads; do count_load "$load"; done
	count_tracking
	count_types
	scratch_cluster
	if counters=$(perf stat -e "$event" true 2>&1) && ! grep -q 'not supported\|not counted' <<<"$counters"; then
		say "instructions: $counted_rows rows under perf stat"
		count_with_perf
	else
		say "instructions: $counted_rows rows under callgrind"
		count_with_callgrind
	fi
	rm -rf "$tmp/counted"
}
