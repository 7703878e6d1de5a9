# More than one machine: examples/cluster, its nodes, proxy and warehouse, as
# docs/cluster.md has it; and examples/feed, a network operator's own feed.

use strict;
use warnings;
use Cwd qw(getcwd);
use IPC::Run qw(run start);
use POSIX qw(WNOHANG);
use PostgreSQL::Test::Utils;
use Test::More;

my $script = getcwd . '/examples/cluster/cluster';
my $feed = getcwd . '/examples/feed';
my $dir = PostgreSQL::Test::Utils::tempdir_short() . '/c';
my @nodes = (1, 2, 3);
my @servers = ((map { "node$_" } @nodes), 'proxy', 'warehouse');
delete @ENV{ grep { /^PG(?!_)/ } keys %ENV };
$ENV{PGTZ} = 'UTC';

# ------------------------------------------------------------------ helpers

# cluster(COMMAND, ARGUMENT...)
sub cluster
{
	my ($command, @arguments) = @_;
	my $output = '';
	my $done = run([ $script, $command, $dir, @arguments ], '<', \undef, '>&', \$output);
	diag($output) if $output;
	return $done;
}

# command(SERVER, ROLE, DATABASE): psql
sub command
{
	my ($server, $role, $database) = @_;
	return [ qw(psql -XAtq -v ON_ERROR_STOP=1), '-h', "$dir/$server", '-U', $role // 'postgres', '-d', $database // $server ];
}

# script(NAME, SQL): a file of it
sub script
{
	my ($name, $sql) = @_;
	my $file = "$dir/$name.sql";
	open my $out, '>', $file or die "$file: $!";
	print $out $sql;
	close $out or die "$file: $!";
	return $file;
}

# ask(SERVER, SQL, ROLE, DATABASE): (its answer, its errors, whether all went well)
sub ask
{
	my ($server, $sql, @as) = @_;
	my ($out, $err) = ('', '');
	# from a file, as a pipe would break where psql cannot connect
	my $done = run([ @{ command($server, @as) }, '-f', script("ask", $sql) ], '>', \$out, '2>', \$err);
	chomp $out;
	return ($out, $err, $done);
}

# sql(SERVER, SQL, ROLE, DATABASE): its answer; an error ends the test
sub sql
{
	my ($server, $sql) = @_;
	my ($out, $err, $done) = ask(@_);
	die "$server: $sql: $err" unless $done;
	return $out;
}

# await(SERVER, SQL, WHAT, ROLE, DATABASE): until its answer is t
sub await
{
	my ($server, $sql, $what, @as) = @_;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my ($answer) = ask($server, $sql, @as);
		return if $answer eq 't';
		select undef, undef, undef, 0.1;
	}
	die "waited in vain for $what";
}

# Waits until all subscribers of the servers have what is there now.
sub caught_up
{
	foreach my $server (@_)
	{
		my $lsn = sql($server, 'SELECT pg_current_wal_lsn()');
		await($server, "SELECT bool_and(coalesce(confirmed_flush_lsn >= '$lsn', false)) FROM pg_replication_slots WHERE slot_type = 'logical'",
			"the subscribers of $server");
	}
}

# everywhere(SQL): the sum of the answers of the nodes
sub everywhere
{
	my ($sql) = @_;
	my $sum = 0;
	$sum += sql("node$_", $sql) foreach @nodes;
	return $sum;
}

# background(SQL): psql, at the proxy, as the operator; runs(IT): does it still?
sub background
{
	my ($sql) = @_;
	my $file = script('background', $sql);
	my $pid = fork // die;
	if ($pid == 0)
	{
		open STDOUT, '>', '/dev/null';
		exec @{ command('proxy', 'operator') }, '-f', $file;
	}
	return $pid;
}
sub runs { return waitpid($_[0], WNOHANG) == 0 }

END
{
	my $status = $?;
	cluster('down') if defined $dir and -d $dir;
	$? = $status;
}

# ---------------------------------------------------------------- all is up

ok(cluster('up', 'fsync = off', 'wal_retrieve_retry_interval = 200ms'), 'up');
my $plproxy = sql('proxy', q{SELECT count(*) FROM pg_extension WHERE extname = 'plproxy'});
foreach my $server (@servers)
{
	await($server, q{SELECT coalesce(bool_and(srsubstate = 'r'), true) FROM pg_subscription_rel}, "the first copies at $server");
}

# ----------------------------------------------------------------- the list

sql('node1', q{
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	BEGIN;
	SELECT poa_internal.begin_import();
	INSERT INTO pg_temp.guid_list_stage SELECT (x'00DB000000000000'::bigint + n)::guid FROM generate_series(1, 1000) AS n;
	SELECT poa_internal.finish_import('replace', 'test', 'abc');
	COMMIT;});
caught_up('node1');
my $list = q{SELECT (SELECT count(*) FROM poa.guid_list), (SELECT string_agg(concat(sha256, undone_at), ' ' ORDER BY import_id) FROM poa.guid_list_import),
	(SELECT string_agg(manufacturer, ' ') FROM poa.manufacturer)};
is(sql($_, $list), sql('node1', $list), "$_ has the list of node 1") foreach qw(node2 node3 warehouse);
is(sql('node3', 'SELECT count(*) FROM poa.guid_list'), 1000, 'which is not empty');
sql('node1', q{BEGIN; SELECT poa_internal.begin_import(); INSERT INTO pg_temp.guid_list_stage VALUES (7::bigint::guid);
	SELECT poa_internal.finish_import('add', 'more', 'def'); COMMIT;
	SELECT poa.undo_import(max(import_id)) FROM poa.guid_list_import});
caught_up('node1');
is(sql($_, $list), sql('node1', $list), "$_ follows an undo") foreach qw(node2 node3 warehouse);

# ------------------------------------------------------------ the inventory

# Meter n is on hub n; those of even numbers have a window from 09:00 on.
sql('proxy', q{
	CREATE VIEW meter AS
	SELECT n, (x'00DB000000000000'::bigint + n)::guid AS device, (x'8873840000000000'::bigint + n)::guid AS chf,
		10 + n % 14 || lpad(n::text, 11, '0') AS mpxn
	FROM generate_series(1, 1000) AS n;
	INSERT INTO poa.device SELECT device, 'ESME', 2, '1063', chf, mpxn FROM meter;
	INSERT INTO cluster.directory SELECT device, chf FROM meter;});
my $of_node = 'JOIN cluster.partition AS p ON p.partition = cluster.partition_of(chf) WHERE p.node =';
foreach my $node (@nodes)
{
	my ($copied, $err) = ('', '');
	run(command('proxy'), '<', \"COPY (SELECT d.* FROM poa.device AS d $of_node $node) TO STDOUT", '>', \$copied) or die;
	$copied = "COPY poa.device FROM STDIN;\n$copied\\.\n";
	run(command("node$node", 'operator'), '<', \$copied, '2>', \$err) or die $err;
}
is(everywhere('SELECT count(*) FROM poa.device'), 1000, 'each device is on one node');
caught_up('proxy');
is(sql('warehouse', 'SELECT count(*) FROM poa.device'), 1000, 'all are at the warehouse');
cmp_ok(sql("node$_", 'SELECT count(*) FROM poa.device'), '>', 200, "node $_ has its share") foreach @nodes;

sql("node$_", q{SELECT count(poa.track_activation(device, received_at => '2026-03-02 09:00Z')) FROM poa.device
	WHERE right(mpxn, 11)::bigint % 2 = 0}, 'operator') foreach @nodes;
is(everywhere('SELECT count(*) FROM poa.activation'), 500, 'a campaign');
is(sql("node$_", 'SELECT min(activation_id) FROM poa.activation'), $_ . '000000000001', "node $_ numbers in its range") foreach @nodes;

# ----------------------------------------------------------------- a storm

# batch(ROUND): {node => an INSERT of alerts}.  Each hub sends an AD1 in its
# window, one an hour later, and a restoration.
my %sent;
sub batch
{
	my ($round) = @_;
	my %batch;
	foreach my $row (split /\n/, sql('proxy', qq{
		SELECT p.node, format('%L, %L, %L, %L, %L', concat_ws('-', $round, m.n, a.code, a.at), a.code, m.chf, m.mpxn, '2026-03-02Z'::timestamptz + a.at),
			concat_ws('-', $round, m.n, a.code, a.at)
		FROM meter AS m JOIN cluster.partition AS p ON p.partition = cluster.partition_of(m.chf)
		CROSS JOIN (VALUES ('AD1', interval '9 hours $round minutes'), ('AD1', '10 hours $round minutes'), ('8F35', '9 hours 50 minutes')) AS a (code, at)}))
	{
		my ($node, $alert, $key) = split /\|/, $row;
		push @{ $batch{$node} }, "($alert)";
		$sent{$key} = 1;
	}
	return map {
		$_ => 'INSERT INTO alerts (response_id, alert_code, chf, mpxn, received_at) VALUES ' . join(', ', @{ $batch{$_} })
		  . ' ON CONFLICT (response_id) DO NOTHING;'
	} keys %batch;
}

# account(NAME): every alert that was sent is in one place, of all places on all nodes
sub account
{
	my ($name) = @_;
	my $places = q{SELECT response_id FROM alerts UNION ALL SELECT alert_key FROM poa.suppression_log AS l
		WHERE diverted AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id)};
	my @found = map { split /\n/, sql("node$_", $places) } @nodes;
	my %found = map { $_ => 1 } @found;
	is(scalar(@found), scalar(keys %sent), "$name: as many alerts as were sent");
	is(scalar(grep { !$found{$_} } keys %sent), 0, "$name: and each of them");
}

my %batch = batch(1);
sql($_, q{ALTER SYSTEM SET log_line_prefix = '%u@%d '; ALTER SYSTEM SET log_statement = 'all'; SELECT pg_reload_conf();}) foreach @servers;
await($_, "SELECT setting = 'all' FROM pg_settings WHERE name = 'log_statement'", 'the setting') foreach @servers;
my %logged = map { $_ => -s "$dir/$_/log" } @servers;
sql("node$_", $batch{$_}, 'dsp') foreach @nodes;
account('a storm');
# those of this test are the superuser's
my %statements = map { $_ => scalar(() = slurp_file("$dir/$_/log", $logged{$_}) =~ /^(?!postgres@)\S+@\S+ LOG:  (?:statement|execute)/mg) } @servers;
is(join(' ', map { "$_:$statements{$_}" } @servers), 'node1:1 node2:1 node3:1 proxy:0 warehouse:0', 'a storm needs no statement but those of its writers');
sql($_, 'ALTER SYSTEM RESET log_statement; SELECT pg_reload_conf();') foreach @servers;
is(everywhere('SELECT count(*) FROM poa.suppression_log WHERE diverted'), 500, 'those in a window are diverted');
sql("node$_", $batch{$_}, 'dsp') foreach @nodes;
account('sent again');
is(everywhere('SELECT count(*) FROM poa.suppression_log'), 500, 'what is sent again is not logged again');

# A node is killed while it takes its part of a batch, and the writer sends all
# of the batch again.
foreach my $round (2 .. 7)
{
	my %batch = batch($round);
	my $victim = 1 + $round % 3;
	my %writers = map { $_ => start([ @{ command("node$_", 'dsp') }, '-f', script("batch$_", $batch{$_}) ], '>', '/dev/null', '2>', '/dev/null') } @nodes;
	select undef, undef, undef, rand 0.05;
	cluster('kill', "node$victim");
	my @failed = grep { !$writers{$_}->finish } @nodes;
	note("round $round: node $victim killed, failed: @failed");
	my ($out, $err) = ask("node$victim", 'SELECT 1', 'dsp');
	like($err, qr{/node$victim/}, "round $round: the error names the node");
	cluster('start', "node$victim");
	sql("node$_", $batch{$_}, 'dsp') foreach @nodes;
	account("round $round");
}
is(everywhere('SELECT count(*) FROM poa.suppression_log'), 3500, 'nothing is logged twice');

# A queue: the offset moves with the alerts.
{
	my $take = sub {
		my ($first, $end) = @_;
		return "BEGIN; INSERT INTO cluster.consumed VALUES (0, 0) ON CONFLICT DO NOTHING;
			INSERT INTO alerts (response_id, alert_code, chf, received_at)
			SELECT 'queue-' || o, '8F35', 1::bigint::guid, '2026-03-03Z' FROM generate_series($first, 99) AS o
			WHERE o >= (SELECT next_offset FROM cluster.consumed WHERE partition = 0);
			UPDATE cluster.consumed SET next_offset = 100 WHERE partition = 0; $end\n";
	};
	my ($in, $out) = ($take->(0, 'SELECT 1;'), '');
	my $reader = start(command('node1', 'dsp'), '<', \$in, '>', \$out, '2>', '/dev/null');
	$reader->pump until $out =~ /1/;
	cluster('kill', 'node1');
	$reader->finish;
	cluster('start', 'node1');
	is(sql('node1', 'SELECT count(*) FROM cluster.consumed'), 0, 'what was not committed was not read');
	sql('node1', $take->(0, 'COMMIT;'), 'dsp') foreach 1, 2;
	is(sql('node1', q{SELECT count(*) FROM alerts WHERE response_id LIKE 'queue-%'}), 100, 'a queue is read once');
	$sent{"queue-$_"} = 1 foreach 0 .. 99;
}

# ------------------------------------------------------------ the warehouse

sql('node2', q{SELECT poa.release(min(log_id), 'customer has no supply') FROM poa.suppression_log}, 'operator');
account('a release');
caught_up(map { "node$_" } @nodes);
foreach my $sum ('count(*) FROM alerts', 'count(*) FROM poa.suppression_log', 'count(*) FROM poa.release_log',
	'count(*) FROM poa.activation', 'count(*) FROM poa.activation_change', 'sum(suppressed) FROM poa.suppression_monthly',
	'sum(outages) FROM poa.suppression_monthly', 'sum(saving) FROM poa.suppression_monthly',
	"sum(alerts) FROM poa.replay('2026-03-01Z', '2026-04-01Z')", "sum(newly_forwarded) FROM poa.replay('2026-03-01Z', '2026-04-01Z', NULL, '3 minutes')",
	"count(*) FROM poa.still_dark('1 minute', '2026-03-02 09:40Z')", 'sum(alerts) FROM poa.window_fit')
{
	is(sql('warehouse', "SELECT $sum"), everywhere("SELECT $sum"), "at the warehouse as on all nodes: $sum");
}
is(sql('warehouse', q{SELECT sum(suppressed), sum(outages) FROM poa.suppression_monthly}), '3500|500', 'and as it should be');
is(sql('warehouse', q{SELECT string_agg(DISTINCT distributor_id::text, ' ') FROM poa.suppressed_alert}, 'dno_southern'), '20',
	'a DNO sees its own there, too');

# report(SERVER, ROLE, OPTION...): poa-report's of March
sub report
{
	my ($server, $role, @options) = @_;
	my ($out, $err) = ('', '');
	run([ 'poa-report', '-d', "host=$dir/$server dbname=$server user=$role", @options, '2026-03' ], '<', \undef, '>', \$out, '2>', \$err)
	  or die "$server: poa-report: $err";
	return $out;
}
foreach my $role ('operator', 'dno_southern')
{
	my @of_nodes = map { my (undef, @rows) = split /\R/, report("node$_", $role, '--csv'); @rows } @nodes;
	my ($head, @rows) = split /\R/, report('warehouse', $role, '--csv');
	is(join("\n", sort @rows), join("\n", sort @of_nodes), "poa-report has there what it has on all nodes, for $role");
	cmp_ok(scalar(@rows), '>', 100, 'and that is something');
}
SKIP:
{
	skip 'gnuplot is not installed (Debian: gnuplot-nox)', 1 unless grep { -x "$_/gnuplot" } split /:/, $ENV{PATH};
	like(report('warehouse', 'operator'), qr{<dd id=suppressed>3,500</dd>.*<dd id=outages>500</dd>}s, 'and in its account');
}

# ------------------------------------------------------ a DNO's own feed

sql('proxy', 'CREATE DATABASE dno_southern', 'postgres', 'postgres');
run([ @{ command('warehouse') }, qw(-v distributor=20 -f), "$feed/publish.sql" ]) or die;
run([ @{ command('proxy', 'postgres', 'dno_southern') }, '-v', 'distributor=20', '-v', "connection=host=$dir/warehouse dbname=warehouse user=replicator",
	'-f', "$feed/subscribe.sql" ], '2>', '/dev/null') or die;
sql('proxy', 'GRANT USAGE ON SCHEMA poa TO dno_southern; GRANT SELECT ON suppressed_alert, alerts, poa.suppression_log TO dno_southern',
	'postgres', 'dno_southern');
my @feed = ('dno_southern', 'dno_southern');
await('proxy', q{SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel}, 'the feed', 'postgres', 'dno_southern');
my $mine = q{SELECT count(*), min(log_id), max(log_id) FROM poa.suppression_log WHERE distributor_id = 20};
is(sql('proxy', $mine, @feed), sql('warehouse', $mine), 'the feed has what the warehouse has of its distributor');
is(sql('proxy', 'SELECT DISTINCT distributor_id FROM poa.suppression_log', @feed), '20', 'and nothing else');
is(sql('proxy', 'SELECT DISTINCT left(mpxn, 2) FROM alerts', @feed), '20', 'of the alerts, either');
my ($kept) = sql('node1', q{SELECT min(log_id) FROM poa.suppression_log WHERE distributor_id = 20 AND diverted});
my $view = "SELECT released, released_at > received_at FROM suppressed_alert WHERE log_id = $kept";
is(sql('proxy', $view, @feed), 'f|', 'an alert that is kept back');
sql('node1', "SELECT poa.release($kept, 'no supply')", 'operator');
caught_up('node1');
caught_up('warehouse');
is(sql('proxy', $view, @feed), 't|t', 'and released');
my ($ignored, $refused) = ask('warehouse', 'START_REPLICATION SLOT "node1" LOGICAL 0/0', 'dno_southern', "dbname=warehouse replication=database");
like($refused, qr/superuser or replication role|permission denied/, 'the DNO itself cannot read a publication');

# --------------------------------------------------------------- PL/Proxy

subtest 'PL/Proxy' => sub {
	plan skip_all => 'PL/Proxy is not installed (Debian: postgresql-NN-plproxy)' unless $plproxy;
	my $call = sub { return sql('proxy', "SELECT * FROM $_[0]", $_[1] // 'operator') };
	my $refusal = sub { return (ask('proxy', "SELECT * FROM $_[0]", $_[1] // 'operator'))[1] };
	# meters of each node, that have no window; and the number of a node
	my %meter = map {
		$_ => [ split /\n/, sql('proxy', "SELECT m.device FROM meter AS m JOIN poa.device AS d USING (device) $of_node $_ AND m.n % 2 = 1 ORDER BY n" =~ s/chf/m.chf/r) ]
	} @nodes;
	my $node = sub { return int($_[0] / 1e12) };
	my $request = sub { return "90-B3-D5-1F-30-01-00-00:$_[0]:$_[1]" };
	my $message = sub {
		my ($device, $counter) = @_;
		return '<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway" schemaVersion="5.4"><sr:Header><sr:RequestID>'
		  . $request->($device, $counter) . '</sr:RequestID><sr:CommandVariant>4</sr:CommandVariant><sr:ServiceReference>11.3</sr:ServiceReference>'
		  . '<sr:ServiceReferenceVariant>11.3</sr:ServiceReferenceVariant></sr:Header><sr:Body><sr:ActivateFirmware><sr:FirmwareHash>'
		  . 'AA758690730934FF0685AA758690730934FF0685657788990011223344556677</sr:FirmwareHash></sr:ActivateFirmware></sr:Body></sr:Request>';
	};

	# commands find the node of their device
	foreach my $n (@nodes)
	{
		my $device = $meter{$n}[0];
		my $id = $call->("cluster.track_activation('$device', '2030-01-01Z', '@{[ $request->($device, 1) ]}', '2026-03-05Z')");
		is($node->($id), $n, "node $n tracks its meter");
		is($call->("cluster.track_activation('$device', '2030-01-01Z', '@{[ $request->($device, 1) ]}', '2026-03-05Z')"), $id, 'delivered again');
		is($call->("cluster.cancel_activation('$device', '2026-03-06Z')"), 1, 'cancelled');
		like($call->("cluster.receive('@{[ $message->($device, 2) ]}', '2026-03-07Z')"), qr/^tracked\|${n}0{9}/, 'a message');
		is($call->("cluster.record_outcome('@{[ $request->($device, 2) ]}', 'no_image_held')"), 't', 'its outcome');
		like($call->("cluster.receive('@{[ $message->($device, 3) ]}', '2026-03-08Z')"), qr/^tracked/, 'another');
		# which arrives again, and was received earlier
		is($call->("cluster.refuse_activation('@{[ $request->($device, 3) ]}', 'E20', '2026-03-08 00:0${_}Z')"), 't', 'refused') foreach 2, 1;
	}
	my $stranger = '00-DC-00-00-00-00-00-01';
	like($call->("cluster.receive('@{[ $message->($stranger, 1) ]}', '2026-03-07Z')"), qr/^not_eligible/, 'a device in no inventory');
	is(everywhere("SELECT count(*) FROM poa.command WHERE device = '$stranger'"), 1, 'is on record once');
	like($call->("cluster.receive('<x/>')"), qr/^ignored/, 'a message of no device');
	like($refusal->("cluster.record_outcome('x', 'succeeded')"), qr/"x" is no RequestID/, 'a text that leads nowhere');

	# releases by number
	my $log_id = sql('node2', 'SELECT max(log_id) FROM poa.suppression_log');
	$call->("cluster.release($log_id, 'by the proxy')");
	is(sql('node2', "SELECT released_by FROM poa.release_log WHERE log_id = $log_id"), 'operator', 'a release by number, as the caller');
	like($refusal->("cluster.release($log_id, 'again')"), qr/node2.*released/, 'and again');
	like($refusal->("cluster.release(77, 'x')"), qr/77 is not a number of a node/, 'a number of no node');
	account('released');

	# holds on all nodes
	my @holds = split /\n/, $call->(q{cluster.hold('a test', now() + interval '1 hour')});
	is(join(' ', map { /^(\d+)\|\1/ } sort @holds), '1 2 3', 'a hold on all nodes');
	my %batch = batch(20);
	sql("node$_", $batch{$_}, 'dsp') foreach @nodes;
	is(everywhere('SELECT count(*) FROM poa.suppression_log WHERE NOT diverted'), 500, 'holds');
	account('held');
	$call->('cluster.end_hold(' . (split /\|/)[1] . ')') foreach @holds;
	is(everywhere('SELECT count(*) FROM poa.hold_log WHERE ended_at IS NULL'), 0, 'and ends');

	# reports of all nodes, with their number
	is(sql('proxy', q{SELECT string_agg(DISTINCT node || ' ' || ok, ', ') FROM cluster.verify('2026-03-01Z', '2026-03-02 09:30Z')}, 'operator'),
		'1 true, 2 true, 3 true', 'verify');
	is($call->(qq{(SELECT count(*), count(DISTINCT node) FROM cluster.$_) AS c}) =~ s/^\d+\|//r, 3, $_)
	  foreach 'health()', 'suppression_monthly()', "replay('2026-03-01Z', '2026-04-01Z')";
	is($call->("(SELECT sum(suppressed) FROM cluster.suppression_monthly()) AS c"), everywhere('SELECT sum(suppressed) FROM poa.suppression_monthly'),
		'the sum over all nodes');
	is($call->("(SELECT count(*) FROM cluster.still_dark('1 minute', '2026-03-02 09:40Z')) AS c"),
		everywhere(q{SELECT count(*) FROM poa.still_dark('1 minute', '2026-03-02 09:40Z')}), 'still dark on all nodes');
	like($call->(q{(SELECT count(*) FROM cluster.genuine('2026-03-03Z')) AS c}), qr/^\d+$/, 'genuine');
	is($call->(q{(SELECT string_agg(DISTINCT distributor_id::text, ' ') FROM cluster.suppression_monthly()) AS c}, 'dno_southern'), '20',
		'a DNO reads its own through the proxy');
	like($refusal->("cluster.track_activation('$meter{1}[0]')", 'dno_southern'), qr/permission denied/, 'and may not track');

	# a node that is down
	my ($up, $down) = map { $meter{$_}[1] } 1, 2;
	my $script_of = join "\n", "SELECT cluster.track_activation('$down', '2030-01-01Z', '@{[ $request->($down, 1) ]}') > 0;", '\set ON_ERROR_STOP off',
	  "\\! '$script' stop '$dir' node2", "SELECT cluster.track_activation('$down', '2030-01-02Z');",
	  "SELECT cluster.track_activation('$up', '2030-01-02Z') > 0;", 'SELECT * FROM cluster.health();',
	  "\\! '$script' start '$dir' node2", "SELECT cluster.track_activation('$down', '2030-01-03Z') > 0;";
	my ($answers, $errors) = ask('proxy', $script_of, 'operator');
	is($answers, "t\nt\nt", 'a node that is down fails its own hubs');
	is(scalar(() = $errors =~ m{ERROR:.*node2}g), 2, 'with an error that names it') or diag($errors);

	# a meter goes to a hub of another node
	my $device = $meter{1}[2];
	my %hub = map { $_ => sql('proxy', "SELECT chf FROM meter $of_node $_ AND n > 900 ORDER BY n LIMIT 1") } 1, 2;
	my $mpxn = '2000000099999';
	my $put = sub { $call->("cluster.put_device('$device', 'ESME', 2::smallint, '1063', '$hub{$_[0]}', '$mpxn')") };
	$put->(1);
	my $id = $call->("cluster.track_activation('$device', NULL, '@{[ $request->($device, 1) ]}', now())");
	my $n = 0;
	# ad1(NODE): whether an alert of its hub is diverted there now
	my $ad1 = sub {
		my $key = 'move-' . $n++;
		$sent{$key} = 1;
		return sql("node$_[0]", "INSERT INTO alerts (response_id, alert_code, chf, mpxn, received_at)
			VALUES ('$key', 'AD1', '$hub{$_[0]}', '$mpxn', now()) RETURNING 'stored'", 'dsp') eq '';
	};
	ok($ad1->(1) && !$ad1->(2), 'its window is on its hub');
	my $gaps = 0;
	foreach my $goes (2, 1, 2)
	{
		my $move = background("SELECT cluster.put_device('$device', 'ESME', 2::smallint, '1063', '$hub{$goes}', '$mpxn')");
		# once it has left the one it is on the other
		while (runs($move)) { $gaps++ if !$ad1->(3 - $goes) && !$ad1->($goes) }
		ok($ad1->($goes) && !$ad1->(3 - $goes), "it has gone to node $goes");
	}
	is($gaps, 0, 'at no instant was its window lost');
	is($call->("cluster.track_activation('$device', NULL, '@{[ $request->($device, 1) ]}', now())"), $id, 'its command has the same number there');
	is($call->("cluster.record_outcome('@{[ $request->($device, 1) ]}', 'succeeded')"), 't', 'and its outcome finds it');
	is(sql('node2', "SELECT status FROM poa.activation WHERE activation_id = $id"), 'succeeded', 'on its node');
	$put->(2) foreach 1, 2;
	is(everywhere("SELECT count(*) FROM poa.device WHERE device = '$device'"), 1, 'the device is on one node');
	my $left = sub { return join ' ', map { sql("node$_", "SELECT chf FROM poa.device_move WHERE device = '$device' AND chf IN ('$hub{1}', '$hub{2}') ORDER BY until") } @nodes };
	is($left->(), join(' ', "$hub{1}\n$hub{1}", "$hub{2}", ''), 'each node has which hub it left there');
	$call->("cluster.put_device('$device', 'ESME', 2::smallint, '1063', NULL, '$mpxn')");
	$put->(1);
	is($left->(), join(' ', "$hub{1}\n$hub{1}", "$hub{2}\n$hub{2}", ''), 'and not the one that it comes to from none');
	$put->(2);
	account('moved');

	# and commands come meanwhile
	my $commands = join '', map { "SELECT cluster.track_activation('$device', NULL, '@{[ $request->($device, 100 + $_) ]}', now());\n" } 1 .. 60;
	my $operator = background($commands);
	my $goes = 2;
	while (runs($operator)) { $goes = 3 - $goes; $put->($goes) }
	is(sql("node$goes", "SELECT count(*) FROM poa.activation WHERE device = '$device' AND chf = '$hub{$goes}'"), 61, 'no command is lost');

	# a partition goes to another node, by the statements of the document
	my ($growing) = slurp_file('docs/cluster.md') =~ /^## Growing\n.*?^```sql\n(.*?)^```$/ms;
	my $of_17 = sql('proxy', q{SELECT count(*) FROM poa.device WHERE cluster.partition_of(chf) = 17});
	my $windows = sub { return sql("node$_[0]", 'SELECT count(*) FROM poa.activation WHERE poa.node_of(chf, 64) = 17') };
	my $windows_of_17 = $windows->(3);
	is(sql('proxy', $growing, 'postgres'), "$of_17\n$of_17", 'a partition grows out of its node');
	ok($of_17 > 0 && $windows_of_17 > 0, 'which had devices and windows');
	is($windows->(1), $windows_of_17, 'its windows are on the other');
	is(sql('node1', 'SELECT count(*) FROM poa.device WHERE poa.node_of(chf, 64) = 17'), $of_17, 'and its devices');
	my $moves = everywhere('SELECT count(*) FROM poa.device_move');
	sql('node3', 'SELECT count(cluster.hand_over(device)) FROM poa.device WHERE poa.node_of(chf, 64) = 17', 'operator');
	is(everywhere('SELECT count(*) FROM poa.device'), 1000, 'each on one node, once they are handed over');
	is(everywhere('SELECT count(*) FROM poa.device_move'), $moves, 'and they have left no hub');
	my $grown = sql('proxy', 'SELECT device FROM poa.device WHERE cluster.partition_of(chf) = 17 ORDER BY device LIMIT 1');
	is($node->($call->("cluster.track_activation('$grown', '2030-02-01Z')")), 1, 'commands find them there');

	# and the copy goes on
	caught_up(map { "node$_" } @nodes);
	is(sql('warehouse', "SELECT count(*), count(DISTINCT activation_id) FROM poa.activation WHERE device = '$device'"), '61|61',
		'the warehouse has each once');
	is(sql('warehouse', q{SELECT count(*) FROM poa.health() WHERE check_name = 'subscription' AND ok}, 'operator'), 1, 'and nothing stands still');
	my $heard = "SELECT at, what, detail FROM poa.timeline('$meter{1}[0]') WHERE what IN ('outcome', 'refusal', 'cancellation') ORDER BY at";
	like(sql('warehouse', $heard), qr/^2026-03-08 00:01:00\+00\|refusal\|E20 /m, 'an answer that was received earlier');
	is(sql('warehouse', $heard), sql('node1', $heard), 'counts there, too');
};

# A dump leaves the extension's tables out of publications; publish.sql makes them anew.
{
	my $published = 'SELECT pubname, schemaname, tablename, rowfilter FROM pg_publication_tables ORDER BY 1, 2, 3';
	sql('node1', 'CREATE DATABASE restored');
	run([ 'pg_dump', '-h', "$dir/node1", '-U', 'postgres', '-f', "$dir/dump.sql", 'node1' ]) or die;
	run([ @{ command('node1', 'postgres', 'restored') }, '-o', '/dev/null', '-f', "$dir/dump.sql" ]) or die;
	run([ @{ command('node1', 'postgres', 'restored') }, qw(-v node=1 -f), getcwd . '/examples/cluster/publish.sql' ]) or die;
	is(sql('node1', $published, 'postgres', 'restored'), sql('node1', $published), 'a restored node publishes what it did');
}

# A purge at a node leaves what is at the warehouse.
my $kept_there = sql('warehouse', 'SELECT count(*) FROM poa.suppression_log');
sql('node3', q{SELECT poa.purge_log('infinity')});
is(sql('node3', 'SELECT count(*) FROM poa.suppression_log'), 0, 'a purge at a node');
caught_up('node3');
is(sql('warehouse', 'SELECT count(*) FROM poa.suppression_log'), $kept_there, 'takes nothing from the warehouse');

done_testing();
