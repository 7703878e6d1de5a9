# The alert path: loads of many alerts, and single ones. Sourced by run.

insert_load()
{
	echo "INSERT INTO $1.alerts ($columns) $(select_load "$1");"
}

# bulk SECTION SIZE LOAD PEER...: INSERT ... SELECT, peers in turn. The first
# round only warms up: the load into memory, the tables' files into being.
bulk()
{
	local section=$1 size=$2 load=$3 round peer
	shift 3
	say "$section: INSERT ... SELECT of $bulk_rows rows, load $load, $size tracked"
	sql -c "CALL bench.make_load('$load', $bulk_rows, greatest(${size%+*}, 1))" -c CHECKPOINT
	for round in 0 $(seq "$rounds"); do
		for peer; do
			echo "CALL bench.reset('$peer');"
			measure "$section,insert,$load,$size,$peer" us "$bulk_rows" "$(insert_load "$peer")"
			echo "CALL bench.check('$peer');"
		done | timed "$round"
	done
}

# The server reads the file itself, so that no client's speed is measured.
copy()
{
	local size=$1 load=$2 round peer
	say "copy: COPY of $copy_rows rows, load $load, $size tracked"
	{
		echo "CALL bench.make_load('$load', $copy_rows, $size);"
		for peer in "${peers[@]}"; do
			echo "COPY ($(select_load "$peer")) TO '$tmp/$peer.copy';"
		done
		echo 'CHECKPOINT;'
	} | sql
	for round in $(seq "$few_rounds"); do
		for peer in "${peers[@]}"; do
			echo "CALL bench.reset('$peer');"
			measure "copy,copy,$load,$size,$peer" us "$copy_rows" \
				"COPY $peer.alerts ($columns) FROM '$tmp/$peer.copy';"
			echo "CALL bench.check('$peer');"
		done | timed "$round"
	done
	rm -f "$tmp"/*.copy
}

# The statement that stores one alert of hub :n, as the peer has its type.
insert_one()
{
	local hub="bench.hub($2)"
	[ "$(hub_type "$1")" = guid ] || hub+="::$(hub_type "$1")"
	echo "INSERT INTO $1.alerts ($columns) VALUES
		('AD1', $hub, '1200012345678', '2026-03-01 12:06Z', '2026-03-01 12:10Z');" | tr -d '\n\t'
}

# Transactions of one prepared INSERT each, by pgbench.
single()
{
	local round peer clients sync tps
	for peer in "${peers[@]}"; do
		{ echo '\set n random(20000000, 29999999)'; insert_one "$peer" :n; } >"$tmp/single_$peer.sql"
	done
	for sync in off on; do
		for clients in "${client_counts[@]}"; do
			say "single: prepared INSERT of a storm's AD1, $clients clients, synchronous_commit $sync"
			for round in $(seq "$few_rounds"); do
				for peer in "${peers[@]}"; do
					sql -c "CALL bench.reset('$peer')"
					tps=$(PGOPTIONS="$PGOPTIONS -c synchronous_commit=$sync" \
						pgbench -n -M prepared -c "$clients" -j "$clients" -T "$seconds" \
						-f "$tmp/single_$peer.sql" 2>"$tmp/pgbench.log" | sed -n 's/^tps = \([0-9.]*\).*/\1/p') ||
						{ cat "$tmp/pgbench.log" >&2; exit 1; }
					record single "sync_$sync" "storm_${clients}_clients" "$usual" "$peer" per_second "$round" "$tps"
				done
			done
		done
	done
}

# CPU of the backend for one such transaction, as the kernel has it: the clock
# of many clients measures the disk and the scheduler more than the extension.
cpu()
{
	local load=$1 first=$2 round peer
	say "cpu: prepared INSERT of one alert, load $load"
	for round in $(seq "$rounds"); do
		for peer in "${peers[@]}"; do
			{
				echo "CALL bench.reset('$peer'); SET synchronous_commit = off;"
				echo "PREPARE one (bigint) AS $(insert_one "$peer" '$1')"
				echo 'SET plan_cache_mode = force_generic_plan;'
				seq -f 'EXECUTE one (%.0f);' "$((first + 1))" "$((first + 200))"
				echo 'SELECT cpu_ns() AS spent \gset'
				seq -f 'EXECUTE one (%.0f);' "$first" "$((first + cpu_calls - 1))"
				echo "SELECT (cpu_ns() - :spent) / 1000.0 / $cpu_calls;"
			} | sql -At | record cpu one "$load" "$usual" "$peer" us "$round" "$(cat)"
		done
	done
}

alerts()
{
	local size load before=0
	for size in "${sizes[@]}"; do
		say "tracking $size activations"
		if [ "$size" -eq "$usual" ]; then sql -c "CALL bench.make_inventory($usual)"; fi
		sql -c "CALL bench.track($((before + 1)), $size, $size, false)"
		before=$size
		if [ "$size" -ne "$usual" ]; then
			if wanted sizes; then bulk sizes "$size" storm "${peers[@]}"; fi
			continue
		fi
		for load in $loads; do
			if wanted bulk; then bulk bulk "$size" "$load" "${peers[@]}" "${more_peers[@]}"; fi
			if wanted copy; then copy "$size" "$load"; fi
		done
		if wanted single; then single; fi
		if wanted cpu; then cpu storm 20000000 && cpu diverted 1; fi
	done
	wanted sizes || return 0

	size=$old_tracked+$old
	say "tracking $old_tracked activations, on top of a history of $old old ones"
	# the other peers would only cost time and disk
	sql <<-SQL
		DELETE FROM bench.keeper WHERE peer <> 'plpgsql_macaddr8_hash';
		CALL bench.track(1, $old, $old_tracked, true);
		CALL bench.track($((before + 1)), $old_tracked, $old_tracked, false);
		CALL bench.make_inventory($old_tracked);
	SQL
	for load in storm closed diverted; do
		bulk sizes "$size" "$load" "${peers[@]}"
	done
}
