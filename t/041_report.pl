# poa-report: its figures are those of SQL, it shows each role its own, hostile
# texts stay texts, its rows survive a spreadsheet, and a browser shows it on a
# screen, a telephone and paper, to everybody.

use strict;
use warnings;
use IPC::Run qw(run);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $gnuplot = grep { -x "$_/gnuplot" } split /:/, $ENV{PATH};
plan skip_all => 'gnuplot is not installed (Debian: gnuplot-nox)' unless $gnuplot;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $evil = q{<script>alert(1)</script>"'&<img src=x onerror=alert(2)>};

# Two networks and none, two service users and none: alerts by day and minute, one
# that stands for five, some released, three hubs of which one is still dark, one in
# shadow mode, one held.
$node->safe_psql('postgres', q{
	CREATE EXTENSION poa_suppress;
	CREATE ROLE southern LOGIN; CREATE ROLE london LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE stranger LOGIN;
	SELECT poa.grant_dno('southern', 20), poa.grant_dno('london', 12), poa.grant_auditor('auditor');
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr'), ('118F', 'Aclara');
	INSERT INTO poa.device SELECT n::guid, 'ESME', 2, CASE n WHEN 3 THEN '118F' ELSE '1063' END, n::guid, NULL FROM generate_series(1::bigint, 3) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device;
	CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, alert_count int DEFAULT 1);
	CREATE TABLE shadowed (LIKE alerts);
	SELECT poa.attach('alerts'), poa.attach('shadowed', mode => 'shadow');
	INSERT INTO poa.originator VALUES ('90B3D51F30010000', 'Example Energy');
	SELECT poa.track_activation(d.device, received_at => timestamptz '2022-01-31 23:40Z' + n * interval '1 day',
		request_id => concat_ws(':', CASE d.device::bigint WHEN 1 THEN '90-B3-D5-1F-30-01-00-00' WHEN 2 THEN '90-B3-D5-1F-30-02-00-00' END, d.device, n))
	FROM poa.device AS d, generate_series(0, 28) AS n;
	INSERT INTO alerts SELECT 'AD1', (1 + n % 3)::bigint::guid,
		timestamptz '2022-01-31 23:40Z' + n % 28 * interval '1 day' + n * interval '17 seconds', '2000000000001'
	FROM generate_series(0, 100) AS n;
	INSERT INTO alerts VALUES ('AD1', 1::bigint::guid, '2022-02-10 23:50Z', '2000000000001', 5),
		('AD1', 2::bigint::guid, '2022-02-10 23:50Z', '1200000000001', 1),
		('AD1', 3::bigint::guid, '2022-02-10 23:50Z', NULL, 1);
	INSERT INTO shadowed VALUES ('AD1', 1::bigint::guid, '2022-02-11 23:50Z', '2000000000001', 1);
	INSERT INTO alerts VALUES ('8F36', 1::bigint::guid, '2022-03-20Z', NULL), ('8F36', 2::bigint::guid, '2022-03-20Z', NULL);
	INSERT INTO alerts VALUES ('AD1', 3::bigint::guid, '2022-02-11 23:50Z', '<b>' || chr(1) || chr(8238));
});
my $first = $node->safe_psql('postgres', q{SELECT min(log_id) FROM poa.suppressed_alert WHERE distributor_id = 20 AND received_at >= '2022-02-01'});
$node->safe_psql('postgres', "SELECT poa.release($first, '" . $evil =~ s/'/''/gr . "')");
# one by evidence, and one that is held; its hold is in force, and one of London, too
$node->safe_psql('postgres', q{
	SELECT poa.release(log_id, 'evidence: started, neighbours') FROM poa.suppressed_alert WHERE received_at = '2022-02-10 23:50Z' AND distributor_id = 12;
	SELECT poa.hold('a storm in the <south>', now() + interval '1 day', distributor_id => 20), poa.hold('London only', now() + interval '1 day', distributor_id => 12);
	INSERT INTO alerts VALUES ('AD1', 1::bigint::guid, '2022-02-12 23:50Z', '2000000000001', 1);
});

# report(ROLE, ARGUMENT...): (exit code, the report, stderr)
sub report
{
	my ($role, @arguments) = @_;
	my ($out, $err);
	run([ 'poa-report', '-d', "user=$role dbname=postgres " . $node->connstr, @arguments ], '<', \undef, '>', \$out, '2>', \$err);
	my $code = $? >> 8;
	unlike($err, qr/Traceback/, "no traceback: $role @arguments");
	return ($code, $out, $err);
}

# as(ROLE, SQL): the answer of SQL to it
sub as { my ($role, $sql) = @_; return $node->safe_psql('postgres', "SET poa_suppress.visit_cost = 80; SET TimeZone = 'UTC'; SET ROLE $role; $sql") }

# figure(REPORT, NAME): a headline figure, bare
sub figure { my ($page, $name) = @_; return $page =~ m{<dd id=$name>[^0-9<]*([0-9,.]+)</dd>} ? $1 =~ tr/,//dr : undef }

# column(REPORT, CAPTION, N): the nth cells of a table
sub column
{
	my ($page, $caption, $n) = @_;
	my ($body) = $page =~ m{<caption>[^<]*\Q$caption\E[^<]*</caption>.*?<tbody>(.*?)</tbody>}s or return [];
	return [ map { (/<t[dh][^>]*>(.*?)<\/t[dh]>/sg)[$n] =~ tr/,£//dr } $body =~ m{<tr[^>]*>(.*?)</tr>}sg ];
}

# ------------------------------------------------------ figures, by role

# what SQL has for an account, by role and month: alerts, released, outages, with a release, still dark without one
sub account
{
	my ($role, $month) = @_;
	return [ split /\|/, as($role, qq{
		SELECT coalesce(sum(suppressed), 0), coalesce(sum(released), 0), coalesce(sum(outages), 0), coalesce(sum(outages - visits_avoided), 0),
			(SELECT count(*) FROM (
				SELECT FROM poa.suppression_log AS l LEFT JOIN poa.release_log AS r USING (log_id)
				WHERE l.diverted AND l.decided_at >= '$month-01' AND l.decided_at < date '$month-01' + interval '1 month'
				GROUP BY l.distributor_id, l.chf, l.activation_id
				HAVING bool_or(l.log_id IN (SELECT log_id FROM poa.still_dark())) AND count(r.log_id) = 0) AS o)
		FROM poa.suppression_monthly WHERE month = '$month-01'}) ];
}

my %page;
foreach my $role (qw(southern london auditor))
{
	my ($code, $page, $err) = report($role, '2022-02');
	is($code, 0, "$role: done") or diag $err;
	$page{$role} = $page;
	my ($now, $past) = map { account($role, $_) } qw(2022-02 2022-01);
	my @avoided = map { $_->[2] - $_->[3] - $_->[4] } $now, $past;
	is_deeply(column($page, 'Alerts, outages and visits, February 2022', 1), [ @$now, $avoided[0], $avoided[0] * 80 ], "$role: the account");
	is_deeply(column($page, 'Alerts, outages and visits, February 2022', 2), [ @$past, $avoided[1], $avoided[1] * 80 ], "$role: the month before");
	is(figure($page, 'suppressed'), $now->[0], "$role: suppressed");
	is(figure($page, 'outages'), $now->[2], "$role: outages");
	is(figure($page, 'avoided'), $avoided[0], "$role: visits avoided");
	is(figure($page, 'saving'), $avoided[0] * 80, "$role: saving");
	my $sum = 0;
	$sum += $_ foreach @{ column($page, 'Alerts by day', 1) };
	is($sum, $now->[0], "$role: the days sum up");
	is(@{ column($page, 'Alerts by day', 0) }, 28, "$role: a row for each day");
	$sum = 0;
	$sum += $_ foreach @{ column($page, 'Alerts by day', 3) };
	is($sum, $now->[2], "$role: so do their outages");
	$sum = 0;
	$sum += $_ foreach @{ column($page, 'Alerts by delay', 2) };
	is($sum, as($role, q{SELECT count(*) FROM poa.suppression_log WHERE poa_internal.utc_month(decided_at) = '2022-02-01'}), "$role: the delays sum up");
	my ($hubs) = $page =~ m{<h2>Hubs with more than one alert</h2>.*?<caption>(.*?)</caption>}s;
	is_deeply($hubs ? column($page, $hubs, 2) : [], [ split /\n/, as($role, q{
		SELECT sum(coalesce((alert ->> 'alert_count')::int, 1)) FROM poa.suppressed_alert
		WHERE diverted AND received_at >= '2022-02-01' AND received_at < '2022-03-01' GROUP BY chf
		HAVING sum(coalesce((alert ->> 'alert_count')::int, 1)) > 1 ORDER BY 1 DESC, chf::text}) ], "$role: hubs with more than one");
	my ($dark) = $page =~ m{<h2>Alerts of hubs that are still dark, as of [-0-9: ]+ UTC</h2>\s*(.*?)<details>}s;
	is(join("\n", $dark =~ m{<tr><th scope=row class=n>(\d+)</th>}g),
		as($role, q{SELECT log_id FROM poa.still_dark() WHERE decided_at >= '2022-02-01' AND decided_at < '2022-03-01' ORDER BY decided_at, log_id}),
		"$role: still dark");
}
is_deeply(column($page{auditor}, 'Alerts by evidence', 1), [ 1, 1, 0, 1 ], 'by evidence: released');
is_deeply(column($page{auditor}, 'Alerts by evidence', 0), [ 'the outage began when reboots do not', 'neighbouring hubs went dark too', 'dark for longer than reboots are',
	'another reason given by hand' ], 'and on which');
is(column($page{auditor}, 'Alerts by evidence', 2)->[2], as('auditor', q{SELECT count(*) FROM poa.genuine('2022-05-01', '2022-02-01')
	WHERE decided_at < '2022-03-01' AND evidence = 'silent' AND log_id NOT IN (SELECT log_id FROM poa.release_log)}), 'and what speaks against others');
cmp_ok(account('auditor', '2022-02')->[4], '>', 0, 'some outages are still dark');
my %outages = map { split /\|/ } split /\n/, as('auditor', q{
	SELECT coalesce(o.name, l.originator::text, 'not known'), count(DISTINCT (coalesce(distributor_id, -1), chf, activation_id))
	FROM poa.suppression_log AS l LEFT JOIN poa.originator AS o USING (originator) WHERE diverted AND decided_at >= '2022-02-01' AND decided_at < '2022-03-01' GROUP BY 1});
my ($by_user) = $page{auditor} =~ m{(<h2>By service user.*?</table>)}s;
my %shown;
@shown{ @{ column($by_user, 'outages of the month before', 0) } } = @{ column($by_user, 'outages of the month before', 3) };
is(delete $shown{all}, account('auditor', '2022-02')->[2], 'service users sum up');
is_deeply(\%shown, \%outages, 'by service user, some by name');
unlike($page{southern}, qr/London only/, "a DNO's statement has no hold of another");
like($page{southern}, qr/Hold 1 is in force until [-0-9: ]+, and alerts that it meets are not suppressed: a storm in the &lt;south&gt;/, 'and its own');
like($page{southern}, qr/1 alert passed on because of a hold, not in these figures/, 'with what it had passed on');
is(figure($page{london}, 'suppressed'), 1, 'a DNO reads its own');
unlike($page{london}, qr/2000000000001|alert\(1\)/, 'and nothing of the others');
like($page{southern}, qr/1 alert recorded in shadow mode, not in these figures/, 'shadow mode is told apart');
my @fit = split /\n/, as('southern', q{SELECT alerts || ' ' || to_char(longest + interval '0.5 s', 'FMMI:SS') FROM poa.window_fit
	WHERE month = '2022-02-01' ORDER BY manufacturer});
my ($alerts, $longest) = map { column($page{southern}, 'Time from the activation', $_) } 1, 5;
is_deeply([ map { "$alerts->[$_] $longest->[$_]" } 0 .. 1 ], \@fit, 'delays are those of window_fit');
is($alerts->[2], $alerts->[0] + $alerts->[1], 'and together');

# the SQL that is shown runs
my @sql = map { s/&#x27;/'/gr =~ s/&lt;/</gr =~ s/&gt;/>/gr } $page{southern} =~ m{<pre>(SELECT.*?)</pre>}sg;
cmp_ok(@sql, '>', 6, 'SQL is shown');
as('southern', $_) foreach @sql;
my $suppressed = 0;
$suppressed += (split /\|/)[3] foreach grep { /^2022-02/ } split /\n/, as('southern', $sql[0]);
is($suppressed, figure($page{southern}, 'suppressed'), 'and gives what is shown');

# ------------------------------------------------------------- the file

is(join(' ', $page{$_} =~ /(<script|<img|<b>|javascript:|\x01|\xe2\x80\xae)/gi), '', "$_: texts stay texts") foreach sort keys %page;
like($page{southern}, qr/&lt;script&gt;alert\(1\)/, 'and are there');
foreach (sort keys %page)
{
	my $tags = join('', $page{$_} =~ /<[^>]*>/g) =~ s/xmlns(?::\w+)?="[^"]*"//gr;
	is(join(' ', $tags =~ /(https?:|\b(?:src|href|on\w+)\s*=|<link)/g), '', "$_: nothing from elsewhere");
	is(join(' ', $page{$_} =~ /(url\(|\@import)/g), '', "$_: nor by its style");
}
my @pictures = $page{southern} =~ m{<svg.*?</svg>}sg;
is(@pictures, 4, 'two pictures, each in two sizes');
like($_, qr{^<svg[^>]*role="img"[^>]*>\s*<title[^>]*>[^<]+</title><desc[^>]*>[^<]+</desc>}, 'with a text alternative') foreach @pictures;
my %ids;
$ids{$_}++ foreach $page{southern} =~ /\bid="?([\w-]+)/g;
is(join(' ', grep { $ids{$_} > 1 } sort keys %ids), '', 'no id comes twice');

# -------------------------------------------------------------- options

my ($code, $out, $err) = report('auditor', '--distributor', '12', '--distributor', '20', '-o', "$dir/r.html", '2022-02');
is("$code$out", '0', 'into a file');
is(figure(slurp_file("$dir/r.html"), 'suppressed'), figure($page{southern}, 'suppressed') + figure($page{london}, 'suppressed'), 'of two distributors');
($code, $out, $err) = report('london', '--distributor', '20', '2022-02');
is("$code$out", '1', 'another network: nothing');
like($err, qr/^poa-report: london may not see the alerts of distributor 20$/, 'and it says so');
# a network without a name, and a role that reads all without a grant
$node->safe_psql('postgres', q{
	INSERT INTO poa.distributor (distributor_id) VALUES (50);
	SELECT poa.grant_dno('london', 50);
});
like((report('london', '2022-02'))[1], qr{<p class=for>[^<]*London; distributor 50</p>}, 'a network without a name');
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
like((report($superuser, '--distributor', '20', '2022-02'))[1], qr{<p class=for>SSEN, Southern</p>}, 'a superuser reports on any network');

# a month without alerts, one that is not over, and one that has not begun
($code, $out, $err) = report('southern', '-o', "$dir/none.html", '2021-02');
is($code, 0, 'a month without alerts');
like(slurp_file("$dir/none.html"), qr/Nil return: no alert was suppressed in February 2021\./, 'has a nil return');
is_deeply(column(slurp_file("$dir/none.html"), 'Alerts, outages and visits', 1), [ (0) x 7 ], 'of noughts');
unlike(slurp_file("$dir/none.html"), qr/<svg|Holds|more than one/, 'and no more than that');
my $last = $node->safe_psql('postgres', q{SELECT to_char(date_trunc('month', now(), 'UTC') - interval '1 day', 'FMMonth YYYY')});
like((report('southern'))[1], qr{<h1>Suppressed power outage alerts, $last</h1>}, 'without a month it is the last one');
like($page{southern}, qr/The month is complete\. What was released and what is still dark is as of [-0-9: ]+ UTC\./, 'what may still change is said');
my $this = $node->safe_psql('postgres', q{SELECT to_char(now(), 'YYYY-MM')});
like((report('southern', $this))[1], qr/The month is not over: all figures are as of [-0-9: ]+ UTC, and will grow\./, 'a month that is not over');
like((report('southern', '2222-02'))[1], qr/The month has not begun/, 'one that has not begun');
is((report('southern', @$_))[0], 2, "wrong usage: @$_") foreach [ '2022-13' ], [ '2022-2' ], [ '--distributor', '100', '2022-02' ], [ '--no', '2022-02' ],
  [ '--csv', '--xlsx', '2022-02' ],
  [ '-o', "$dir/no/such.html", '2022-02' ];
is((report('stranger', '2022-02'))[0], 3, 'no rights');
is((report('nobody_at_all', '2022-02'))[0], 3, 'no connection');

# what is not installed is named before the database has any work
my ($command) = grep { -x } map { "$_/poa-report" } split /:/, $ENV{PATH};
sub without
{
	my ($what, $message, @command) = @_;
	my $log_before = -s $node->logfile;
	my ($nothing, $said) = ('', '');
	run([ @command, '-d', 'user=southern dbname=postgres ' . $node->connstr, '2022-02' ], '<', \undef, '>', \$nothing, '2>', \$said);
	is($? >> 8, 2, "without $what it ends");
	is("$nothing$said", "poa-report: $message\n", 'and says so');
	unlike(substr(slurp_file($node->logfile), $log_before), qr/READ ONLY/, 'before the database has any work');
}
like(slurp_file($node->logfile), qr/READ ONLY/, 'what is made is in the log of the server');
{
	local $ENV{PATH} = $dir;
	without('gnuplot', 'gnuplot is not installed (Debian: gnuplot-nox)', $command);
}
my $python = '/usr/bin/python3';
without('XlsxWriter', 'XlsxWriter is not installed (Debian: python3-xlsxwriter)', $python, '-IS', $command, '--xlsx');

# ----------------------------------------------------------------- rows

# the manufacturer and the MPxN are what spreadsheets take for numbers, the code for a formula
$node->safe_psql('postgres', q{
	INSERT INTO poa.manufacturer VALUES ('10E5', 'Exponent');
	INSERT INTO poa.device VALUES ('0010E50000000009', 'ESME', 2, '10E5', '0010E50000000009', NULL);
	INSERT INTO poa.guid_list VALUES ('0010E50000000009');
	SELECT poa.track_activation('0010E50000000009', received_at => '2022-02-20Z', request_id => '=1+1');
	INSERT INTO alerts VALUES ('AD1', '0010E50000000009', '2022-02-20 00:01Z', '1000000000001', 2);
});
# cells(FILE): the rows of the first worksheet, each cell after its type
my $cells = <<'PYTHON';
import json, re, sys, zipfile
from xml.etree import ElementTree
sheet = ElementTree.fromstring(zipfile.ZipFile(sys.argv[1]).read('xl/worksheets/sheet1.xml'))
space = re.match('{.*}', sheet.tag)[0]
def column(reference):
	number = 0
	for letter in re.match('[A-Z]+', reference)[0]:
		number = number * 26 + ord(letter) - 64
	return number - 1
rows = []
for row in sheet.iter(space + 'row'):
	cells = [''] * 24
	for cell in row:
		cells[column(cell.get('r'))] = ('text ' if cell.get('t') == 'inlineStr' else 'number ') + ''.join(cell.itertext())
	rows.append(cells)
json.dump(rows, sys.stdout)
PYTHON
my @columns = qw(log_id what received_at alert_code alerts mpxn distributor_id distributor chf device manufacturer originator service_user
  request_id activation_id activates_at opens_at closes_at delay_seconds outage_started_at still_dark released_at release_evidence release_reason);

($code, my $csv, $err) = report('auditor', '--csv', '2022-02');
is($code, 0, 'rows as CSV') or diag $err;
my @lines = split /\r\n/, $csv;
is(shift @lines, join(',', @columns), 'with headings');
is(scalar @lines, as('auditor', q{SELECT count(*) FROM poa.suppression_log WHERE poa_internal.utc_month(decided_at) = '2022-02-01'}), 'a row for each alert');
like($csv, qr/^\d+,suppressed,2022-02-20 00:01:00\+00,AD1,2,1000000000001,10,[^\r]*,00-10-E5-00-00-00-00-09,00-10-E5-00-00-00-00-09,10E5,,,'=1\+1,\d+,/m,
	'in which nothing is a formula');
my $sum = 0;
$sum += (split /,/)[4] foreach grep { /^\d+,suppressed,/ } @lines;
is($sum, account('auditor', '2022-02')->[0], 'which sum up to the statement');
is(scalar(grep { /^\d+,(held|shadow),/ } @lines), 2, 'beside what was passed on');
is((report('london', '--csv', '2022-02'))[1] =~ tr/\n//, 1 + account('london', '2022-02')->[2], 'a DNO has its own');
is((report('london', '--csv', '--distributor', '20', '2022-02'))[0], 1, 'and no others');
is((report('london', '--csv', '2021-02'))[1], join(',', @columns) . "\r\n", 'a month without alerts has headings');

SKIP:
{
	skip 'python3-xlsxwriter is not installed', 5 if system("$python -I -c 'import xlsxwriter' 2>/dev/null");
	($code, $out, $err) = report('auditor', '--xlsx', '-o', "$dir/r.xlsx", '2022-02');
	is("$code$out", '0', 'rows as a workbook') or diag $err;
	run([ $python, '-c', $cells, "$dir/r.xlsx" ], '>', \my $json) or die;
	my @rows = @{ decode_json($json) };
	is_deeply(shift @rows, [ map { "text $_" } @columns ], 'with headings');
	is(scalar @rows, scalar @lines, 'the same rows');
	my ($row) = grep { $_->[10] eq 'text 10E5' } @rows;
	is_deeply([ @$row[ 1 .. 6, 8 .. 10, 13 ] ],
		[ 'text suppressed', 'text 2022-02-20 00:01:00+00', 'text AD1', 'number 2', 'text 1000000000001', 'text 10', ('text 00-10-E5-00-00-00-00-09') x 2, 'text 10E5', 'text =1+1' ],
		'all text but what is to be counted');
	is(join(' ', sort map { s/ .*//r } map { @$_[ 4, 18 ] } @rows), join(' ', ('number') x (2 * @rows)), 'which is numbers');
}

# -------------------------------------------------------------- a browser

# A month of 10,000 alerts, with as many reasons of 200 characters as a statement
# shows, and more hubs that are dark.
$node->safe_psql('postgres', q{
	INSERT INTO poa.device SELECT (4096 + n)::guid, 'ESME', 2, '1063', (4096 + n)::guid, NULL FROM generate_series(1::bigint, 10000) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device WHERE device::bigint BETWEEN 4097 AND 14096;
	SELECT count(poa.track_activation(device, received_at => timestamptz '2022-05-01Z' + (device::bigint - 4096) * interval '260 seconds'))
	FROM poa.device WHERE device::bigint BETWEEN 4097 AND 14096;
	INSERT INTO alerts SELECT 'AD1', (4096 + n)::guid, timestamptz '2022-05-01Z' + n * interval '260 seconds' + n % 17 * interval '1 minute', '1000000000001'
	FROM generate_series(1::bigint, 10000) AS n;
	INSERT INTO alerts SELECT '8F36', (4096 + n)::guid, timestamptz '2022-06-10Z', NULL FROM generate_series(1::bigint, 9800) AS n;
	SELECT poa.release(log_id, left(repeat('An engineer found the supply off at the cut-out. ', 5), 200))
	FROM poa.suppressed_alert WHERE received_at >= '2022-05-02' ORDER BY log_id LIMIT 150;
});
($code, my $large, $err) = report('auditor', '--distributor', '10', '2022-05');
is($code, 0, 'a month of 10,000 alerts') or diag $err;
is(figure($large, 'suppressed'), 10000, 'has them');
like($large, qr/<caption>150 alerts, the first 100 of them; --csv and --xlsx have all; each with the reason below it/, 'and lists a hundred of the released');

# Reboots whose starts are told: ten of minute 10, ten of minute 12, each heard of
# four minutes later, and what is learned of them.
$node->safe_psql('postgres', q{
	CREATE ROLE eastern LOGIN;
	SELECT poa.grant_dno('eastern', 10);
	CREATE TABLE told (alert_code text, chf guid, received_at timestamptz, mpxn text, device guid, outage_started_at timestamptz);
	SELECT poa.attach('told', device => 'device', started => 'outage_started_at');
	SELECT count(poa.track_activation(device, received_at => timestamptz '2022-07-01Z' + (device::bigint - 4096) * interval '1 day'))
	FROM poa.device WHERE device::bigint BETWEEN 4097 AND 4116;
	INSERT INTO told SELECT 'AD1', chf, activates_at + at + interval '190 seconds', '1000000000001', NULL, activates_at + at
	FROM poa.activation, LATERAL (SELECT (10 + activation_id % 2 * 2) * interval '1 minute') AS s (at) WHERE activates_at >= '2022-07-01';
	INSERT INTO told SELECT '8F36', NULL, outage_started_at + interval '4 minutes', NULL, chf, NULL FROM poa.suppression_log WHERE outage_started_at IS NOT NULL;
	INSERT INTO poa.learning (manufacturer, alerts) VALUES ('1063', 5);
	SELECT poa.learn('2022-07-01', '2022-07-31');
});
($code, my $reboots, $err) = report('auditor', '2022-07');
is($code, 0, 'a month of reboots whose starts are told') or diag $err;
is_deeply([ map { column($reboots, 'to the outage’s start', $_)->[0] } 0 .. 5 ], [ '1063', 20, '11:00', '12:00', '15:00', '16:00' ], 'when outages began, and were over');
is_deeply([ map { column($reboots, 'Learned of reboots', $_) } 0, 1, 3, 4, 5 ], [ map { [ split /\|/ ] } split /\n/, as('auditor', q{
	SELECT manufacturer, 'all', alerts, to_char(started_low, 'FMMI:SS') || ' to ' || to_char(started_high, 'FMMI:SS'), to_char(silence_high, 'FMMI:SS') FROM poa.reboot_profile}) =~ s/\|/\n/gr ],
	'and what was learned');
is(scalar(() = $reboots =~ /<svg/g), 6, 'a third picture, in two sizes');
is_deeply(column($reboots, 'Reboots by minute', 2), [ 10, 10, 0, 0 ], 'which has the starts');
is_deeply(column($reboots, 'Reboots by minute', 3), [ 0, 0, 10, 10 ], 'and the signs of life');
(undef, my $own) = report('eastern', '2022-07');
is(column($own, 'to the outage’s start', 1)->[0], 20, 'a DNO has its reboots');
unlike($own, qr/reboot_profile|Learned/, 'without what it may not read');

# contrast(COLOUR, COLOUR): by the formula of WCAG 2
sub contrast
{
	my @luminance = map {
		my @part = map { my $c = hex($_) / 255; $c <= 0.04045 ? $c / 12.92 : (($c + 0.055) / 1.055)**2.4 } /^#(..)(..)(..)$/;
		0.2126 * $part[0] + 0.7152 * $part[1] + 0.0722 * $part[2]
	} map { s/^#(.)(.)(.)$/#$1$1$2$2$3$3/r } @_;
	@luminance = sort { $a <=> $b } @luminance;
	return ($luminance[1] + 0.05) / ($luminance[0] + 0.05);
}
my ($style) = $large =~ m{<style>(.*?)</style>}s;
cmp_ok(contrast($_, '#fff'), '>=', 4.5, "text of colour $_ can be read") foreach do { my %seen; grep { !$seen{$_}++ } $style =~ /[{;\s]color: (#\w+)/g };
cmp_ok(contrast('#1b2430', $_), '>=', 4.5, "and on $_") foreach $style =~ /background: (#\w+)/g;
foreach (sort keys %page)
{
	like($page{$_}, qr/^<!DOCTYPE html>\n<html lang="en-GB">/, "$_: its language is said");
	is(join('', $page{$_} =~ /<(h\d)>/g) =~ s/^h1(h2)+$//r, '', "$_: one h1, then h2");
	is(join(' ', $page{$_} =~ /<th(?!ead>| scope=(?:col|row)\b)[^>]*>/g), '', "$_: every th has a scope");
	is(join(' ', grep { !/<caption>[^<]+<\/caption>/ } $page{$_} =~ m{<table.*?</table>}sg), '', "$_: every table a caption");
	is(join(' ', $page{$_} =~ m{<th[^>]*></th>|<h2></h2>}g), '', "$_: no heading is empty");
}

SKIP:
{
	my ($browser) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
	skip 'chromium is not installed', 10 unless $browser;
	my @browse = ($browser, qw(--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --enable-logging=stderr --v=0), "--user-data-dir=$dir/profile");
	my ($dom, $log);
	append_to_file("$dir/southern.html", $page{southern});
	run([ @browse, '--dump-dom', "file://$dir/southern.html" ], '<', \undef, '>', \$dom, '2>', \$log);
	unlike($log, qr/CONSOLE|Refused to/, 'the console is silent');
	my %text = map { $_ => ($dom =~ m{<dd id="$_">([^<]*)</dd>})[0] } qw(suppressed saving);
	is($text{suppressed} =~ tr/0-9//cdr, figure($page{southern}, 'suppressed'), 'the browser shows the figures');

	# measured(SCRIPT, INSIDE, PAGES): what SCRIPT(window) says of each page, once INSIDE has run in it, in frames of 390 and of 1200 pixels
	my $number = 0;
	my $measured = sub {
		my ($script, $inside, @pages) = @_;
		my $frames = '';
		foreach my $page (@pages)
		{
			$page =~ s/<meta http-equiv="Content-Security-Policy"[^>]*>// and $page =~ s{</body>}{<script>$inside</script></body>} if $inside;
			my $srcdoc = $page =~ s/&/&amp;/gr =~ s/"/&quot;/gr;
			$frames .= qq{<iframe style="border:0;width:${_}px;height:3000px" srcdoc="$srcdoc"></iframe>\n} foreach 390, 1200;
		}
		my $file = "$dir/frames" . ++$number . '.html';
		append_to_file($file, qq{<!DOCTYPE html><meta charset="utf-8"><body>$frames<script>
const say = x => { const p = document.createElement("pre"); p.id = "answer"; p.textContent = JSON.stringify(x); document.body.append(p); };
window.onload = () => Promise.all([...document.querySelectorAll("iframe")].map(f => ($script)(f.contentWindow))).then(say, e => say([String(e)]));
</script></body>});
		run([ @browse, '--window-size=1400,3000', '--virtual-time-budget=60000', '--dump-dom', "file://$file" ], '<', \undef, '>', \my $answer, '2>', \my $said);
		my ($json) = $answer =~ m{<pre id="answer">(.*?)</pre>}s or diag $said;
		return @{ decode_json(($json // '["no answer"]') =~ s/&lt;/</gr =~ s/&gt;/>/gr =~ s/&amp;/&/gr) };
	};
	my @shown = ([ 'southern at 390 pixels', 'southern at 1200 pixels', 'the large month at 390', 'the large month at 1200' ], $page{southern}, $large);
	# what is wider than the page, the pictures that are shown, and the size of their letters on the screen
	my $look = <<'SCRIPT';
w => {
	const d = w.document, out = [...d.querySelectorAll("body *")].filter(e => {
		const r = e.getBoundingClientRect();
		return r.width > 1 && r.right > d.documentElement.clientWidth + 0.5 && !e.closest("svg");
	});
	const shown = [...d.querySelectorAll("svg")].filter(e => e.getBoundingClientRect().width > 0);
	return { scrolls: d.documentElement.scrollWidth > d.documentElement.clientWidth, wider: out.slice(0, 3).map(e => e.outerHTML.slice(0, 80)),
		pictures: shown.length, letters: Math.floor(Math.min(...shown.map(e => Math.min(...[...e.querySelectorAll("text, g[font-size]")].map(t =>
			parseFloat(t.getAttribute("font-size") || t.closest("g[font-size]").getAttribute("font-size"))))
			* e.getBoundingClientRect().width / e.viewBox.baseVal.width))) };
}
SCRIPT
	my @looks = $measured->($look, '', @shown[ 1, 2 ]);
	foreach my $name (@{ $shown[0] })
	{
		my $seen = shift @looks;
		cmp_ok(delete $seen->{letters}, '>=', 11, "$name: letters in pictures to read");
		is_deeply($seen, { scrolls => JSON::PP::false, wider => [], pictures => 2 }, "$name: no scrolling sideways, each picture in one size");
	}

	# pages(PAGE): on paper
	my $pages = sub {
		my $file = "$dir/paper" . ++$number;
		append_to_file("$file.html", $_[0]);
		run([ @browse, '--no-pdf-header-footer', "--print-to-pdf=$file.pdf", "file://$file.html" ], '<', \undef, '>', \$out, '2>', \$log);
		my $pdf = slurp_file("$file.pdf");
		like($pdf, qr/^%PDF/, 'it prints');
		return scalar(() = $pdf =~ m{/Type\s*/Page\b}g);
	};
	my $of_large = $pages->($large);
	cmp_ok($of_large, '>', 5, 'the large month takes some pages');
	cmp_ok($of_large, '<=', 15, 'and not many');
	cmp_ok($pages->(slurp_file("$dir/none.html")), '<=', 2, 'a nil return one or two');

	# axe, where npm install -g axe-core or AXE_CORE=/path/axe.min.js has brought it
	my ($axe) = grep { defined && -f } $ENV{AXE_CORE}, map { "$_/axe-core/axe.min.js" } '/usr/local/lib/node_modules', '/usr/lib/node_modules', '/usr/share/nodejs';
	skip 'axe-core is not installed (npm install -g axe-core)', 4 unless $axe;
	my @violations = $measured->('w => w.axe.run().then(r => r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html]))',
		slurp_file($axe) =~ s{</script}{<\\/script}gr, @shown[ 1, 2 ]);
	is_deeply(shift @violations, [], "$_: axe finds no violation") foreach @{ $shown[0] };
}

done_testing();
