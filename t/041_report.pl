# poa-report: its figures are those of SQL, it shows each role its own, hostile
# texts stay texts, and it is valid HTML.

use strict;
use warnings;
use IPC::Run qw(run);
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

# Two networks and none: alerts by day and minute, one that stands for five,
# one released, three hubs of which one is still dark, one in shadow mode.
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
	SELECT poa.track_activation(d.device, received_at => timestamptz '2022-01-31 23:40Z' + n * interval '1 day')
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
	return [ map { (/<td[^>]*>(.*?)<\/td>/sg)[$n] =~ tr/,//dr } $body =~ m{<tr>(.*?)</tr>}sg ];
}

# ------------------------------------------------------ figures, by role

my %page;
foreach my $role (qw(southern london auditor))
{
	my ($code, $page, $err) = report($role, '2022-02');
	is($code, 0, "$role: done") or diag $err;
	$page{$role} = $page;
	my ($suppressed, $released, $outages, $avoided, $saving) = split /\|/, as($role, q{
		SELECT sum(suppressed), sum(released), sum(outages), sum(visits_avoided), sum(saving) FROM poa.suppression_monthly WHERE month = '2022-02-01'});
	is(figure($page, 'suppressed'), $suppressed, "$role: suppressed");
	is(figure($page, 'released'), $released, "$role: released");
	is(figure($page, 'outages'), $outages, "$role: outages");
	is(figure($page, 'avoided'), $avoided, "$role: visits avoided");
	is(figure($page, 'saving'), $saving, "$role: saving");
	my $sum = 0;
	$sum += $_ foreach @{ column($page, 'Alerts by day', 1) };
	is($sum, $suppressed, "$role: the days sum up");
	is(@{ column($page, 'Alerts by day', 0) }, 28, "$role: a row for each day");
	$sum = 0;
	$sum += $_ foreach @{ column($page, 'Alerts by delay', 2) };
	is($sum, as($role, q{SELECT count(*) FROM poa.suppression_log WHERE poa_internal.utc_month(decided_at) = '2022-02-01'}), "$role: the delays sum up");
	is_deeply(column($page, 'hubs with the most', 2), [ split /\n/, as($role, q{
		SELECT sum(coalesce((alert ->> 'alert_count')::int, 1)) FROM poa.suppressed_alert
		WHERE diverted AND received_at >= '2022-02-01' AND received_at < '2022-03-01' GROUP BY chf ORDER BY 1 DESC, chf::text}) ], "$role: hubs")
	  if $role ne 'london';
	my ($outages_dark) = $page =~ m{<b id=dark>(\d+)</b>};
	is($outages_dark, as($role, q{SELECT count(DISTINCT (l.chf, l.activation_id)) FROM poa.still_dark() JOIN poa.suppression_log AS l USING (log_id)
		WHERE l.decided_at >= '2022-02-01' AND l.decided_at < '2022-03-01'}), "$role: outages that are still dark");
	my ($dark) = $page =~ m{<h2>Still dark</h2>\s*(.*?)<details>}s;
	is(join("\n", $dark =~ m{<tr><td class=n>(\d+)</td>}g),
		as($role, q{SELECT log_id FROM poa.still_dark() WHERE decided_at >= '2022-02-01' AND decided_at < '2022-03-01' ORDER BY decided_at, log_id}),
		"$role: still dark");
}
is(figure($page{london}, 'suppressed'), 1, 'a DNO reads its own');
unlike($page{london}, qr/2000000000001|alert\(1\)/, 'and nothing of the others');
like($page{southern}, qr/1 recorded in shadow mode/, 'shadow mode is told apart');
my @fit = split /\n/, as('southern', q{SELECT alerts || ' ' || to_char(longest + interval '0.5 s', 'FMMI:SS') FROM poa.window_fit
	WHERE month = '2022-02-01' ORDER BY manufacturer});
my ($alerts, $longest) = map { column($page{southern}, 'Time from the activation', $_) } 1, 5;
is_deeply([ map { "$alerts->[$_] $longest->[$_]" } 0 .. 1 ], \@fit, 'delays are those of window_fit');
is($alerts->[2], $alerts->[0] + $alerts->[1], 'and together');

# the SQL that is shown gives what is shown
my ($shown) = $page{southern} =~ m{<pre>(SELECT distributor_id, distributor, suppressed.*?)</pre>}s;
$shown =~ s/&#x27;/'/g;
is((split /\|/, as('southern', $shown))[2], figure($page{southern}, 'suppressed'), 'the SQL of the headline');

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
is(@pictures, 2, 'two pictures');
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
like($err, qr/^poa-report: no alert of February 2022 that london may see for distributor 20$/, 'and it says so');
($code, $out, $err) = report('southern', '-o', "$dir/none.html", '2021-02');
is($code, 1, 'a month without alerts');
ok(!-e "$dir/none.html", 'makes no file');
# a network without a name, and a role that reads all without a grant
$node->safe_psql('postgres', q{
	INSERT INTO poa.distributor (distributor_id) VALUES (50);
	SELECT poa.grant_dno('london', 50);
});
like((report('london', '2022-02'))[1], qr{<p class=for>[^<]*London; distributor 50</p>}, 'a network without a name');
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
like((report($superuser, '--distributor', '20', '2022-02'))[1], qr{<p class=for>SSEN, Southern</p>}, 'a superuser reports on any network');
is((report('southern'))[0], 1, 'without a month it is the last one, which has none');
is((report('southern', @$_))[0], 2, "wrong usage: @$_") foreach [ '2022-13' ], [ '2022-2' ], [ '--distributor', '100', '2022-02' ], [ '--no', '2022-02' ],
  [ '-o', "$dir/no/such.html", '2022-02' ];
is((report('stranger', '2022-02'))[0], 3, 'no rights');
is((report('nobody_at_all', '2022-02'))[0], 3, 'no connection');

{
	my ($command) = grep { -x } map { "$_/poa-report" } split /:/, $ENV{PATH};
	local $ENV{PATH} = $dir;
	my $without = '';
	ok(!run([ $command, '-d', 'user=southern dbname=postgres ' . $node->connstr, '2022-02' ], '<', \undef, '>', \$out, '2>', \$without), 'without gnuplot');
	is($? >> 8, 2, 'it ends');
	is($without, "poa-report: gnuplot is not installed (Debian: gnuplot-nox)\n", 'and says so');
}

# -------------------------------------------------------------- a browser

SKIP:
{
	my ($browser) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
	skip 'chromium is not installed', 4 unless $browser;
	append_to_file("$dir/southern.html", $page{southern});
	my @browse = ($browser, qw(--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --enable-logging=stderr --v=0), "--user-data-dir=$dir/profile");
	my ($dom, $log);
	run([ @browse, '--dump-dom', "file://$dir/southern.html" ], '<', \undef, '>', \$dom, '2>', \$log);
	unlike($log, qr/CONSOLE|Refused to/, 'the console is silent');
	my %text = map { $_ => ($dom =~ m{<dd id="$_">([^<]*)</dd>})[0] } qw(suppressed saving);
	is($text{suppressed} =~ tr/0-9//cdr, figure($page{southern}, 'suppressed'), 'the browser shows the figures');
	is(scalar(() = $dom =~ /<svg/g), 2, 'and the pictures');
	run([ @browse, '--no-pdf-header-footer', "--print-to-pdf=$dir/r.pdf", "file://$dir/southern.html" ], '<', \undef, '>', \$out, '2>', \$log);
	like(slurp_file("$dir/r.pdf"), qr/^%PDF/, 'it prints');
}

done_testing();
