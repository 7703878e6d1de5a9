# All that is not the alert path. Sourced by run.

# -------------------------------------------------------------------- type

types=(guid macaddr8 uuid bigint text)

# call_io parse|print TYPE TIMES: the call and where it reads, for a SELECT
call_io()
{
	case $1 in
		parse) echo "bench.parse('$2', s.${2}_text, $3) FROM bench.sample AS s" ;;
		print) echo "bench.print(s.$2, $3) FROM bench.sample AS s" ;;
	esac
}

# Parse and print in turn, a million times.
type_io()
{
	local round type way
	sql -c 'CALL bench.make_sample()'
	for round in $(seq "$rounds"); do
		for type in "${types[@]}"; do
			for way in parse print; do
				measure "type,$way,type,-,$type" ns 1000000 "SELECT $(call_io "$way" "$type" 1000);"
			done
		done | timed "$round"
	done
}

# key_statements TYPE: everything else that a key is used for, by one process
# and in memory.
key_statements()
{
	local keys_of="type,%s,type,$keys,$1" method
	echo "SET work_mem = '2GB'; SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0;"
	echo 'SELECT count(*) FROM bench.keys;'
	# shellcheck disable=SC2059 # keys_of is a format
	{
		measure "$(printf "$keys_of" sort)" ms 1 "SELECT k FROM bench.keys ORDER BY k OFFSET $keys;"
		echo 'SET enable_mergejoin = off;'
		measure "$(printf "$keys_of" hash_join)" ms 1 "SELECT count(*) FROM bench.keys JOIN bench.some_keys USING (k);"
		for method in btree hash; do
			measure "$(printf "$keys_of" "build_$method")" ms 1 "CREATE INDEX keys_idx ON bench.keys USING $method (k);"
			printf '%s\n' "SELECT round(pg_relation_size('bench.keys_idx') / 1048576.0, 3) AS size \\gset" \
				"\\echo = $(printf "$keys_of" "size_$method") mb :size" 'SET enable_hashjoin = off;'
			measure "$(printf "$keys_of" "lookup_$method")" ns "$((keys / 10))" \
				"SELECT count(*) FROM bench.some_keys JOIN bench.keys USING (k);"
			echo 'RESET enable_hashjoin; DROP INDEX bench.keys_idx;'
		done
	}
}

# A table of one type at a time: ten million keys of all of them would not stay
# in memory. So the types are in turn only from round to round. Round 0 is for
# one type alone, which would pay for memory that is touched for the first time.
types()
{
	local round type
	sql -f "$here/type.sql"
	say "type: parse and print a million values of ${types[*]}"
	type_io
	for round in 0 $(seq "$few_rounds"); do
		for type in "${types[@]:0:round > 0 ? 9 : 1}"; do
			say "type: sort, join, index and look up $keys keys of type $type, round $round"
			sql -c "CALL bench.make_keys('$type', $keys)" -c 'VACUUM ANALYZE bench.keys, bench.some_keys' -c CHECKPOINT
			key_statements "$type" | timed "$round"
		done
	done
	sql -c 'DROP TABLE bench.keys, bench.some_keys'
}

# ---------------------------------------------------------------- tracking

# Every way tracks meters of its own, as in a campaign, in which none comes
# twice.
tracking()
{
	local n=$((campaign + 1)) round
	sql -c "CALL bench.make_inventory($((campaign + 3 * calls + messages)))" \
		-c 'TRUNCATE poa.activation, poa.command' -c CHECKPOINT

	say "tracking: $campaign meters by one statement"
	measure "tracking,set_based,track,$campaign,insert" us "$campaign" "CALL bench.insert_activations(1, $campaign, 0);" | timed 1
	sql -c 'TRUNCATE poa.activation' -c CHECKPOINT
	measure "tracking,set_based,track,$campaign,poa_suppress" us "$campaign" \
		"SELECT 1 / (count(poa.track_activation(m.device, NULL, m.device || ':1')) = $campaign)::int
		FROM (SELECT bench.meter(n) AS device FROM generate_series(1, $campaign) AS n OFFSET 0) AS m;" | timed 1
	index_sizes

	{
		echo '\set n :n + 1'
		echo "SELECT poa.track_activation(bench.meter(:n), NULL, '90-B3-D5-1F-30-01-00-00:' || bench.meter(:n) || ':1');"
	} >"$tmp/track.sql"
	for round in $(seq "$few_rounds"); do
		say "tracking: $calls meters by a transaction each, round $round"
		PGOPTIONS="$PGOPTIONS -c synchronous_commit=off" \
			pgbench -n -M prepared -c 1 -t "$calls" -D n=$((n - 1)) -f "$tmp/track.sql" 2>"$tmp/pgbench.log" |
			sed -n 's/^tps = \([0-9.]*\).*/\1/p' |
			record tracking one_call_each track "$campaign" poa_suppress per_second "$round" "$(cat)"
		n=$((n + calls))
	done

	say "tracking: $messages messages by poa.receive"
	receive "$n"
}

# receive FIRST: messages with distinct meters, made beforehand. How long their
# reader alone takes is measured, too.
receive()
{
	sql -c "CALL bench.make_messages($1, $messages)"
	{
		measure "tracking,duis_activation,read,$campaign,poa_suppress" per_second "$messages" \
			"SELECT 1 / (count(r.device) = $messages)::int FROM bench.message AS m, poa.duis_activation(m.message) AS r;"
		measure "tracking,receive,track,$campaign,poa_suppress" per_second "$messages" \
			"SELECT 1 / (count(*) FILTER (WHERE r.action = 'tracked') = $messages)::int
			FROM bench.message AS m, poa.receive(m.message) AS r;"
	} | timed 1
}

# Reading of messages beside what no reader can do without: XMLPARSE of the same
# messages; beside what they may cost for those that are tracked. All are new, and
# are text, as drivers send them.
reading()
{
	local round kind
	say "receive: $reads messages of each kind"
	sql -f "$here/receive.sql" -c "CALL bench.make_traffic($reads)" -c CHECKPOINT
	for round in 0 $(seq "$rounds"); do
		{
			for kind in ignored response large; do
				measure "receive,$kind,read,$reads,xmlparse" us "$reads" \
					"SELECT 1 / (count(xmlparse(DOCUMENT t.$kind)) = $reads)::int FROM bench.traffic AS t;"
				measure "receive,$kind,read,$reads,poa_suppress" us "$reads" \
					"SELECT 1 / (count(*) FILTER (WHERE r.action = 'ignored') = $reads)::int
					FROM bench.traffic AS t, poa.receive(t.$kind) AS r;"
			done
			measure "receive,not_eligible,read,$reads,xmlparse" us "$reads" \
				"SELECT 1 / (count(xmlparse(DOCUMENT t.not_eligible)) = $reads)::int FROM bench.traffic AS t;"
			measure "receive,not_eligible,read,$reads,poa_suppress" us "$reads" \
				"SELECT 1 / (count(*) FILTER (WHERE r.action = 'not_eligible') = $reads)::int
				FROM bench.traffic AS t, poa.receive(t.not_eligible) AS r;"
			echo 'TRUNCATE poa.activation, poa.command;'
			measure "receive,tracked,read,$reads,allowed" us "$reads" "CALL bench.parse_and_insert();"
			echo 'TRUNCATE poa.activation, poa.command;'
			measure "receive,tracked,read,$reads,poa_suppress" us "$reads" \
				"SELECT 1 / (count(*) FILTER (WHERE r.action = 'tracked') = $reads)::int
				FROM bench.traffic AS t, poa.receive(t.tracked) AS r;"
			echo 'TRUNCATE poa.activation, poa.command;'
		} | timed "$round"
	done
}

# "Indexes that need no maintenance": as the campaign left them, and rebuilt.
index_sizes()
{
	local state
	for state in grown rebuilt; do
		sql -At -F , -c "SELECT 'tracking', 'size_' || c.relname, 'index', $campaign, '$state', 'mb', 1,
				round(pg_relation_size(c.oid) / 1048576.0, 1)
			FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
			WHERE i.indrelid = 'poa.activation'::regclass ORDER BY 2" >>"$results/raw.csv"
		if [ $state = grown ]; then sql -c 'REINDEX TABLE poa.activation'; fi
	done
}

# -------------------------------------------------------------------- list

# The loader's own program measures it, in a database of its own, and is asked
# only for its figures: what fails there is a test's business.
lists()
{
	if [ ! -x "$here/load_list" ]; then return; fi
	say "list: ${list_rows:-1400000} GUIDs by poa-load-list"
	sql -c 'CREATE DATABASE bench_list'
	PGDATABASE=bench_list "$here/load_list" ${list_rows:+"$list_rows"} >"$tmp/list" 2>&1 || true
	sed 's/^/          /' "$tmp/list"
	perl -ne 'm{load_list/(.*?) +([0-9.]+)( of \d+)? s} && printf "list,%s,list,'"${list_rows:-1400000}"',poa_suppress,s,1,%s\n",
		$1 =~ tr/ /_/r, $2' "$tmp/list" >>"$results/raw.csv"
	sql -c 'DROP DATABASE bench_list'
}

# ------------------------------------------------------------------- month

# The log as it would be, 17,000 alerts a month among fourteen distributors; ten
# million of them is what ten years would be at five times that.
months()
{
	local n of which round years
	sql -f "$here/month.sql"
	for n in "${month_rows[@]}"; do
		say "month: a DNO looks at a log of $n rows"
		years=$([ "$n" -eq "${month_rows[0]}" ] && echo 1 || echo 10)
		sql -c "CALL bench.fill_log($n, $years)" -c 'VACUUM ANALYZE poa.suppression_log' -c CHECKPOINT
		for round in 0 $(seq "$rounds"); do
			{
				echo 'SET ROLE bench_dno;'
				measure "month,view,one_month,$n,poa_suppress" ms 1 \
					"SELECT * FROM poa.suppression_monthly WHERE month = '2025-06-01';"
				measure "month,view,all_months,$n,poa_suppress" ms 1 "SELECT * FROM poa.suppression_monthly;"
				measure "month,alerts,one_day,$n,poa_suppress" ms 1 \
					"SELECT * FROM poa.suppressed_alert WHERE received_at >= '2025-06-15' AND received_at < '2025-06-16';"
			} | timed "$round"
		done
	done
}

# ------------------------------------------------------------------ verify

# A month in which nothing is wrong, which is found out by reading all of it.
verify()
{
	local round
	say "verify: a month of $month_alerts alerts"
	sql -f "$here/verify.sql" -c "CALL bench.make_month($month_alerts, $month_suppressed)" -c CHECKPOINT
	for round in 0 $(seq "$few_rounds"); do
		measure "verify,verify,one_month,$month_alerts,poa_suppress" ms 1 \
			"SELECT 1 / (bool_and(ok) AND count(*) FILTER (WHERE detail LIKE '$month_suppressed log rows%') = 1)::int
			FROM poa.verify('2026-03-01Z', '2026-04-02Z');" | timed "$round"
	done
}
