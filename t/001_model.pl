
# Random histories against a reference model.
#
# The package Model has in a few lines what the extension promises about
# eligibility, tracking, diversion, release and purge.  Every history is made
# of random steps; the model takes them one by one, the extension as one script
# of SQL, and then all that either of them has is compared row by row.
#
# POA_SEED=n runs one history with that seed instead of the usual ones, and
# POA_SECONDS=n goes on with fresh seeds for so long ("make soak").  A history
# that fails is made as short as it can be while it fails, and printed.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

###########################################################################
# The model.  Instants are microseconds since 1970, guids short numbers; an
# activation is known by the number of the step that tracked it.

package Model;

use List::Util qw(first);
use Storable qw(dclone);

sub new
{
	return bless {
		manufacturer => {},    # name => [before, after]
		list => {},            # meter => 1
		device => {},          # meter => its row
		activation => {},      # id => row
		request => {},         # request_id => id
		of_device => {},       # meter => its activations, in order of arrival
		cancellation => {},    # meter => what was cancelled when
		purged => {},          # meter => activations that are no more, but superseded one that is
		outcome => {},         # request_id => the one that counts
		refusal => {},         # request_id => that received first
		turn => 0,             # the order of arrival
		log => {},             # alert => row
		stored => {},          # alert => the tables it stands in
		released => {},        # alert => reason
		answer => {},          # step => what the extension should answer
		enabled => 1,
	}, shift;
}

sub criteria
{
	my ($self, $meter) = @_;
	my $row = $self->{device}{$meter};

	return (
		inventory => defined $row,
		type => defined $row && $row->{type} eq 'ESME',
		generation => defined $row && ($row->{smets} // 0) == 2,
		manufacturer => defined $row && exists $self->{manufacturer}{ $row->{manufacturer} // '' },
		list => exists $self->{list}{$meter},
		hub => defined $row && defined $row->{chf});
}

sub eligible
{
	my %met = criteria(@_);
	return !grep { !$_ } values %met;
}

# The law of delivery.  What was received for a meter is its commands, in
# of_device, and cancellations, in cancellation, each with its turn of arrival;
# and outcomes and refusals, by request.
sub takes_over
{
	my ($taker, $activation) = @_;
	my $later = $taker->{received_at} <=> $activation->{received_at} || $taker->{turn} <=> $activation->{turn};

	return $later > 0 && $taker->{received_at} < $activation->{activates_at};
}

sub state_of
{
	my ($self, $activation) = @_;
	my $request_id = $activation->{request_id} // '';
	my $outcome = $self->{outcome}{$request_id};
	my $meter = $activation->{device};

	return ($outcome eq 'succeeded' ? 'succeeded' : 'failed', $outcome eq 'succeeded' ? undef : $outcome) if defined $outcome;
	return ('failed', $self->{refusal}{$request_id}{reason}) if exists $self->{refusal}{$request_id};
	my ($taker) = sort { $a->{received_at} <=> $b->{received_at} || $a->{turn} <=> $b->{turn} }
	  grep { takes_over($_, $activation) && !exists $self->{refusal}{ $_->{request_id} // '' } }
	  @{ $self->{of_device}{$meter} // [] }, @{ $self->{purged}{$meter} // [] }, @{ $self->{cancellation}{$meter} // [] };
	return ('tracked', undef) unless defined $taker;
	return ('cancelled', 'cancel_activation') if $taker->{cancels};
	return ('superseded', $taker->{request_id} // "activation $taker->{id}");
}

# Returns how many are cancelled now that were not.
sub settle
{
	my ($self, $meter) = @_;
	my $cancelled = 0;

	foreach my $activation (@{ $self->{of_device}{$meter} // [] })
	{
		my $before = $activation->{status};
		@$activation{qw(status ended_by)} = $self->state_of($activation);
		$activation->{chf} = ($self->{device}{$meter} // {})->{chf} // $activation->{chf}
		  if suppresses($activation) && $before !~ /^(tracked|succeeded)$/;
		$cancelled++ if $activation->{status} eq 'cancelled' && $before ne 'cancelled';
	}
	return $cancelled;
}

sub suppresses { return shift->{status} =~ /^(tracked|succeeded)$/; }

sub track
{
	my ($self, $id, $meter, $activates_at, $request_id, $received_at) = @_;

	if (defined $request_id && defined(my $known = $self->{request}{$request_id}))
	{
		return $self->{activation}{$known}{device} == $meter ? $known : 'error 23505';
	}
	return undef unless $self->eligible($meter);

	my $row = $self->{device}{$meter};
	my ($before, $after) = @{ $self->{manufacturer}{ $row->{manufacturer} } };
	$activates_at //= $received_at;

	my $new = {
		id => $id,
		turn => $self->{turn}++,
		device => $meter,
		chf => $row->{chf},
		request_id => $request_id,
		received_at => $received_at,
		activates_at => $activates_at,
		opens_at => $activates_at - $before,
		closes_at => $activates_at + $after,
		status => 'tracked',
		manufacturer => $row->{manufacturer},
		mpxn => $row->{mpxn},
	};
	$self->{activation}{$id} = $new;
	push @{ $self->{of_device}{$meter} }, $new;
	$self->{request}{$request_id} = $id if defined $request_id;
	$self->settle($meter);
	return $id;
}

sub cancel
{
	my ($self, $meter, $received_at) = @_;

	return 0 unless exists $self->{list}{$meter} || @{ $self->{of_device}{$meter} // [] };
	push @{ $self->{cancellation}{$meter} }, { cancels => 1, received_at => $received_at, turn => $self->{turn}++ }
	  unless grep { $_->{received_at} == $received_at } @{ $self->{cancellation}{$meter} // [] };
	return $self->settle($meter);
}

# The meter of a request, undef where that is not known.
sub meter_of
{
	my ($self, $request_id) = @_;
	my $id = $self->{request}{$request_id};

	return $self->{activation}{$id}{device} if defined $id;
	my ($purged) = grep { ($_->{request_id} // '') eq $request_id } map { @$_ } values %{ $self->{purged} };
	return defined $purged ? $purged->{device} : undef;
}

sub outcome
{
	my ($self, $request_id, $outcome) = @_;

	return 'error 22023' unless defined $outcome && $outcome =~ /^(succeeded|no_image_held|hash_mismatch|activation_failure)$/;
	$self->{outcome}{$request_id} //= $outcome unless $outcome eq 'activation_failure';
	my $meter = $self->meter_of($request_id);
	return 'false' unless defined $meter;
	$self->settle($meter);
	return 'true';
}

sub refuse
{
	my ($self, $request_id, $reason, $received_at) = @_;
	my $first = $self->{refusal}{$request_id};

	$self->{refusal}{$request_id} = { reason => $reason, received_at => $received_at }
	  unless defined $first && $first->{received_at} <= $received_at;
	my $meter = $self->meter_of($request_id);
	return 'false' unless defined $meter;
	$self->settle($meter);
	return 'true';
}

# The inventory has a new row for a meter (undef: none any more).
sub place
{
	my ($self, $meter, $row, $now) = @_;

	if (!defined $row)
	{
		delete $self->{device}{$meter};
		return;
	}
	$self->{device}{$meter} = {%$row};
	return unless defined $row->{chf};
	foreach my $activation (@{ $self->{of_device}{$meter} // [] })
	{
		$activation->{chf} = $row->{chf}
		  if suppresses($activation) && $activation->{closes_at} >= $now;
	}
	return;
}

# The suppressing windows of a hub that hold an instant, the deciding one first.
sub windows
{
	my ($self, $chf, $at) = @_;

	return sort { $b->{activates_at} <=> $a->{activates_at} || $b->{id} <=> $a->{id} }
	  grep {
			 $_->{chf} == $chf
		  && suppresses($_)
		  && $_->{opens_at} <= $at
		  && $at <= $_->{closes_at}
	  } values %{ $self->{activation} };
}

sub distributor
{
	my $mpxn = shift;
	return defined $mpxn && $mpxn =~ /^([0-9]{2})[0-9]{11}\z/ ? $1 + 0 : undef;
}

# An alert arrives at one of the attached tables.  True if it is stored.
sub alert
{
	my ($self, $alert, $table) = @_;
	my @match;

	@match = $self->windows($alert->{chf}, $alert->{at})
	  if $self->{enabled}
	  && defined $alert->{code}
	  && $alert->{code} eq 'AD1'
	  && defined $alert->{chf}
	  && defined $alert->{at}
	  && $alert->{at} !~ /infinity/;

	my $stored = !@match || $table->{mode} eq 'shadow';
	$self->{stored}{ $alert->{id} } = $table->{name} if $stored;
	return $stored unless @match;

	my $by = $match[0];
	my $mpxn = $table->{mpxn} ? $alert->{mpxn} : undef;
	$self->{log}{ $alert->{id} } = {
		diverted => $table->{mode} eq 'shadow' ? 'f' : 't',
		source => $table->{name},
		alert => $alert,
		mpxn => $mpxn,
		distributor_id => distributor($mpxn) // distributor($by->{mpxn}),
		decided_at => $alert->{at},
		matched => [ map { $_->{id} } @match ],
		device => $by->{device},
		manufacturer => $by->{manufacturer},
		request_id => $by->{request_id},
		map { $_ => $by->{$_} } qw(activates_at opens_at closes_at),
	};
	return $stored;
}

sub release
{
	my ($self, $id, $reason) = @_;
	my $row = $self->{log}{$id};

	return 'error 42704' unless defined $row;
	return 'error 55000' if $row->{diverted} eq 'f' || exists $self->{released}{$id};
	$self->{released}{$id} = $reason;
	$self->{stored}{$id} = $row->{source};
	return '';
}

sub purge_activations
{
	my ($self, $before, $now) = @_;
	my %referred = map { $_ => 1 } map { @{ $_->{matched} } } values %{ $self->{log} };
	my $all = $self->{activation};
	my @purged =
	  grep { $_->{closes_at} < $before && $_->{closes_at} < $now && !$referred{ $_->{id} } } values %$all;

	foreach my $activation (@purged)
	{
		my $meter = $activation->{device};
		delete $all->{ $activation->{id} };
		delete $self->{request}{ $activation->{request_id} } if defined $activation->{request_id};
		@{ $self->{of_device}{$meter} } = grep { $_ != $activation } @{ $self->{of_device}{$meter} };
		push @{ $self->{purged}{$meter} }, $activation;
	}

	# what takes over one that stays is kept, with what tells that it was refused
	my $needed = sub {
		my ($meter, $taker) = @_;
		return scalar grep {
			$_->{received_at} <= $taker->{received_at} && $taker->{received_at} < $_->{activates_at}
		} @{ $self->{of_device}{$meter} // [] };
	};
	my %answered = %{ $self->{request} };
	foreach my $meter (keys %{ $self->{purged} })
	{
		@{ $self->{purged}{$meter} } = grep { $needed->($meter, $_) } @{ $self->{purged}{$meter} };
		$answered{ $_->{request_id} // '' } = 1 foreach @{ $self->{purged}{$meter} };
	}
	foreach my $meter (keys %{ $self->{cancellation} })
	{
		@{ $self->{cancellation}{$meter} } =
		  grep { $_->{received_at} >= $before || $needed->($meter, $_) } @{ $self->{cancellation}{$meter} };
	}
	foreach my $request_id (keys %{ $self->{refusal} })
	{
		delete $self->{refusal}{$request_id}
		  if $self->{refusal}{$request_id}{received_at} < $before && !exists $answered{$request_id};
	}
	foreach my $request_id (keys %{ $self->{outcome} })
	{
		delete $self->{outcome}{$request_id} if $now < $before && !exists $answered{$request_id};
	}
	return scalar @purged;
}

###########################################################################
# Histories.

package main;

use constant {
	COMMANDS => 1500,
	ALERTS => 3000,
	METERS => 40,
	HUBS => 24,
	MICROSECOND => 1,
	MINUTE => 60_000_000,
	HOUR => 3_600_000_000,
};

# Times come from a few evenings of the past, one of them that of a change of
# the clocks, and as many of the far future, so that now() is in none of the
# windows and between them.
my @evenings = map { $_ * 1_000_000 }
  (1_577_900_000, 1_577_986_400, 1_585_440_000, 4_102_500_000, 4_102_586_400, 4_110_000_000);
my $now = 3_000_000_000 * 1_000_000;

my %tables = map { $_->{name} => $_ } (
	{ name => 'alerts', mode => 'divert', mpxn => 1, at => 'received_at' },
	{ name => 'alerts_by_day', mode => 'divert', mpxn => 1, at => 'received_at' },
	{ name => 'alerts_watched', mode => 'shadow', mpxn => 1, at => 'received_at' },
	{ name => 'outages', mode => 'divert', mpxn => 0, at => 'started_at' });

my $schema = <<'SQL';
CREATE EXTENSION poa_suppress;
CREATE TABLE alerts (id int PRIMARY KEY, alert_code text, chf guid,
	received_at timestamptz, mpxn varchar(20));
CREATE TABLE alerts_by_day (mpxn text, gone int, received_at timestamptz, alert_code varchar,
	id int, chf guid) PARTITION BY RANGE (received_at);
ALTER TABLE alerts_by_day DROP COLUMN gone;
CREATE TABLE alerts_past PARTITION OF alerts_by_day FOR VALUES FROM (MINVALUE) TO ('2050-01-01');
CREATE TABLE alerts_later (chf guid, id int, alert_code varchar, mpxn text, received_at timestamptz);
ALTER TABLE alerts_by_day ATTACH PARTITION alerts_later FOR VALUES FROM ('2050-01-01') TO (MAXVALUE);
CREATE TABLE alerts_others PARTITION OF alerts_by_day DEFAULT;
CREATE TABLE alerts_watched (LIKE alerts);
CREATE TABLE outages (id int, started_at timestamptz, chf guid, alert_code text, mpxn text);
SELECT poa.attach('alerts');
SELECT poa.attach('alerts_by_day');
SELECT poa.attach('alerts_watched', mode => 'shadow');
SELECT poa.attach('outages', at => 'started_at', mpxn => NULL);

CREATE TABLE answer (step int, answer text);
CREATE FUNCTION attempt(step int, question text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE question INTO answer;
	INSERT INTO answer VALUES (step, answer);
EXCEPTION WHEN OTHERS THEN
	INSERT INTO answer VALUES (step, 'error ' || sqlstate);
END
$$;
-- what the extension has, in the model's terms
CREATE FUNCTION us(timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN isfinite($1) THEN (extract(epoch FROM $1) * 1000000)::bigint::text ELSE $1::text END
$$;
CREATE FUNCTION number(guid) RETURNS text LANGUAGE sql AS $$
	SELECT ($1::bigint & 65535)::text
$$;
SQL

sub pick { return $_[ rand @_ ]; }
sub chance { return rand() < shift; }

sub meter_guid { return sprintf "'00DB1234567%05x'", shift; }
sub hub_guid { return defined $_[0] ? sprintf("'887384900000%04x'", $_[0]) : 'NULL'; }

sub text
{
	my $value = shift;
	return defined $value ? "'$value'" : 'NULL';
}

# A literal timestamptz in UTC.
sub instant
{
	my $at = shift;
	return 'NULL' unless defined $at;
	return "'$at'" if $at =~ /infinity/;
	my $second = int($at / 1_000_000);
	my ($s, $mi, $h, $d, $mo, $y) = gmtime $second;
	return sprintf "'%04d-%02d-%02d %02d:%02d:%02d.%06d+00'", $y + 1900, $mo + 1, $d, $h, $mi, $s,
	  $at - $second * 1_000_000;
}

# A day of an interval has 24 hours, whatever the clocks do.
sub interval
{
	my $length = shift;
	return sprintf "interval '%d days %d microseconds'", $length / (24 * HOUR), $length % (24 * HOUR);
}

# One history, as a function that plays it: given numbers of steps, it plays only
# these, and returns the model at the end, the script, and how many steps there
# are.  A step keeps its random choices when it is played again, but starts from
# what the steps before it have left.
sub history
{
	my $seed = shift;
	my $model = Model->new;
	my @steps;
	my @script;
	my @saved;                 # the model at BEGIN and at each savepoint
	my @known = @evenings;     # instants at which something happened
	my @sent;                  # all commands,
	my @requests;              # and those with a request_id
	my @tracked;               # steps that tracked an activation, for a while at least
	my $may_purge = 1;         # which older snapshots are refused
	my $step = 0;
	my $alerts = 0;
	my $commands = 0;
	my ($ask, $some_time, $command, $arrival, %weight, $registry);

	srand $seed;

	# Everything that changes the model or the script is part of such a step.
	my $play = sub {
		my $part = shift;
		my $number = $step;
		push @steps, sub { $step = $number; $part->(); };
		$part->();
	};

	# Put a question to the extension; the model has given the answer.
	$ask = sub {
		my ($answer, $question) = @_;
		$model->{answer}{$step} = $answer;
		if (($answer // '') =~ /^error/)
		{
			push @script, "SELECT attempt($step, \$q\$SELECT $question\$q\$);";
		}
		else
		{
			push @script, "INSERT INTO answer SELECT $step, ($question)::text;";
		}
	};

	# Near something that happened, or on its very edge.
	$some_time = sub {
		return pick(@evenings) + int(rand 6 * HOUR) if chance(0.5);
		return pick(@known) + pick(-1, 0, 0, 1) * MICROSECOND if chance(0.6);
		return pick(@known) + int((rand(4) - 2) * HOUR);
	};

	my $some_row = sub {
		return {
			type => pick(('ESME') x 40, qw(GSME GPF CHF HCALCS PPMID IHD CAD)),
			smets => pick((2) x 30, 1, undef),
			manufacturer => pick(('1063') x 20, ('118F') x 8, '1125', '1031', undef),
			chf => pick((map { 1 + int rand HUBS } 1 .. 9), undef),
			mpxn => pick(
				sprintf('%02d%011d', 10 + rand 29, rand 1e9),
				sprintf('%02d%011d', 10 + rand 29, rand 1e9),
				'123', 'ABCDEFGHIJKLM', undef),
		};
	};
	my $some_meter = sub { return 1 + int rand METERS; };

	# Put a row for a meter into the inventory, in one of the ways there are.
	my $put = sub {
		my ($meter, $row, $way) = @_;
		my $values = join ', ', meter_guid($meter), text($row->{type}), $row->{smets} // 'NULL',
		  text($row->{manufacturer}), hub_guid($row->{chf}), text($row->{mpxn});
		my $set = 'device_type = excluded.device_type, smets = excluded.smets,'
		  . ' manufacturer = excluded.manufacturer, chf = excluded.chf, mpxn = excluded.mpxn';
		$way = 'upsert' if ($way =~ /^(insert|copy)$/) == exists $model->{device}{$meter} && $way !~ /upsert|merge/;

		if ($way eq 'update')
		{
			push @script, "UPDATE poa.device SET (device, device_type, smets, manufacturer, chf, mpxn)"
			  . " = ROW($values) WHERE device = " . meter_guid($meter) . ';';
		}
		elsif ($way eq 'merge')
		{
			push @script, "MERGE INTO poa.device AS d USING (VALUES ($values)) AS"
			  . " excluded (device, device_type, smets, manufacturer, chf, mpxn) ON d.device = excluded.device::guid"
			  . ' WHEN MATCHED THEN UPDATE SET '
			  . ($set =~ s/excluded\.chf/excluded.chf::guid/r =~ s/excluded\.smets/excluded.smets::smallint/r)
			  . ' WHEN NOT MATCHED THEN INSERT VALUES (excluded.device::guid, excluded.device_type,'
			  . ' excluded.smets::smallint, excluded.manufacturer, excluded.chf::guid, excluded.mpxn);';
		}
		elsif ($way eq 'upsert')
		{
			push @script, "INSERT INTO poa.device VALUES ($values) ON CONFLICT (device) DO UPDATE SET $set;";
		}
		elsif ($way eq 'copy')
		{
			my $line = join "\t", map { s/'//gr } map { $_ eq 'NULL' ? '\N' : $_ } split /, /, $values;
			push @script, "COPY poa.device FROM stdin;\n$line\n\\.";
		}
		else
		{
			push @script, 'DELETE FROM poa.device WHERE device = ' . meter_guid($meter) . ';'
			  if $way eq 'replace';
			push @script, "INSERT INTO poa.device VALUES ($values);";
		}
		$model->place($meter, $row, $now);
	};
	my $place = sub {
		my ($meter, $row) = @_;
		my $way = exists $model->{device}{$meter} ? pick(qw(update upsert replace merge)) : pick(qw(insert upsert copy merge));
		$play->(sub { $put->($meter, $row, $way) });
	};

	my $set_manufacturer = sub {
		my ($name, @window) = @_;
		$play->(sub {
			$model->{manufacturer}{$name} = [@window];
			push @script,
			  "INSERT INTO poa.manufacturer VALUES ('$name', 'M', " . join(', ', map { interval($_) } @window)
			  . ') ON CONFLICT (manufacturer) DO UPDATE SET'
			  . ' window_before = excluded.window_before, window_after = excluded.window_after;';
		});
	};

	# Send a command, which may have been sent before.
	my $send = sub {
		my ($meter, $activates_at, $request_id, $received_at) = @_;
		my $answer = $model->track($step, $meter, $activates_at, $request_id, $received_at);

		push @sent, [@_];
		push @requests, [@_] if defined $request_id;
		push @known, $received_at, $activates_at // $received_at;
		if (defined $answer && $answer eq $step)
		{
			push @tracked, $step;
			push @known, @{ $model->{activation}{$step} }{qw(opens_at closes_at)};
		}
		$answer = "activation $answer" if defined $answer && $answer !~ /^error/;
		$ask->($answer,
			sprintf 'poa.track_activation(%s, %s, %s, %s)',
			meter_guid($meter), instant($activates_at), text($request_id), instant($received_at));
	};
	my $track = sub {
		my @command = @_;
		$play->(sub { $send->(@command) });
	};

	# A meter and a time, often those of an earlier command.
	my $some_command = sub {
		return ($some_meter->(), $some_time->()) unless @sent && chance(0.5);
		my ($meter, $activates_at, undef, $received_at) = @{ pick(@sent) };
		return ($meter, pick($received_at, $activates_at // $received_at) + pick(-1, 0, 0, 1) * MICROSECOND);
	};

	$command = {
		on_demand => sub {
			my ($meter, $received_at) = $some_command->();
			$track->($meter, undef, pick("r$step", undef), $received_at);
		},
		future_dated => sub {
			my ($meter, $received_at) = $some_command->();
			my $ahead = pick(-MICROSECOND, 0, MICROSECOND, map { int rand $_ * HOUR } 0.2, 1, 3, 30);
			my $activates_at = $received_at + $ahead;
			$activates_at = pick(@known) if chance(0.2);
			my @same = grep { $_->[0] == $meter && $_->[3] > $received_at } @sent;
			$activates_at = pick(@same)->[3] + pick(-1, 0, 1) * MICROSECOND if @same && chance(0.2);
			$track->($meter, $activates_at, pick("r$step", "r$step", undef), $received_at);
		},
		redelivered => sub {
			return unless @requests;
			my ($meter, $activates_at, $request_id, $received_at) = @{ pick(@requests) };
			$received_at += HOUR if chance(0.5);
			# for another meter it is an error, where that is eligible
			if (chance(0.2))
			{
				my $other = $some_meter->();
				$meter = $other if $model->eligible($other);
			}
			$track->($meter, $activates_at, $request_id, $received_at);
		},
		invalid => sub {
			my ($meter) = grep { $model->eligible($_) } 1 .. METERS;
			return unless defined $meter;
			my $bad = pick(undef, 'infinity', '-infinity');
			my $question = sprintf pick(
				"poa.track_activation(%s, NULL, 'i$step', %s)",
				'poa.cancel_activation(%s, %s)',
				defined $bad
				? "poa.track_activation(%s, %s, 'i$step', '2020-01-01')"
				: 'poa.cancel_activation(%s, %s)'), meter_guid($meter), instant($bad);
			$play->(sub { $ask->('error 22023', $question) });
		},
		cancelled => sub {
			my ($meter, $at) = ($some_meter->(), $some_time->());
			$play->(sub {
				$ask->($model->cancel($meter, $at),
					sprintf 'poa.cancel_activation(%s, %s)', meter_guid($meter), instant($at));
			});
		},
		outcome => sub {
			my $request_id = @requests && chance(0.95) ? pick(@requests)->[2] : "u$step";
			my $outcome = pick(
				('succeeded') x 4, 'no_image_held', 'hash_mismatch', 'activation_failure',
				'accepted', 'Succeeded', undef);
			$play->(sub {
				$ask->($model->outcome($request_id, $outcome),
					sprintf 'poa.record_outcome(%s, %s)', text($request_id), text($outcome));
			});
		},
		refused => sub {
			my $request_id = @requests && chance(0.95) ? pick(@requests)->[2] : "u$step";
			my $at = $some_time->();
			$play->(sub {
				$ask->($model->refuse($request_id, "E$step", $at),
					sprintf 'poa.refuse_activation(%s, %s, %s)', text($request_id), text("E$step"), instant($at));
			});
		},
		eligibility => sub {
			my $meter = $some_meter->();
			$play->(sub {
				my %met = $model->criteria($meter);
				$ask->(join(',', map { $met{$_} ? 't' : 'f' } qw(inventory type generation manufacturer list hub)),
					'SELECT string_agg(left(met::text, 1), \',\') FROM poa.eligibility('
					  . meter_guid($meter) . ')');
			});
		},
	};

	$registry = {
		device => sub { $place->($some_meter->(), $some_row->()); },
		move => sub {
			my $meter = $some_meter->();
			my $row = $model->{device}{$meter} or return;
			$place->($meter, { %$row, chf => pick((map { 1 + int rand HUBS } 1 .. 5), undef) });
		},
		exchange => sub {
			# a new hub for everything on an old one, in one statement
			my ($old, $new) = map { 1 + int rand HUBS } 1 .. 2;
			$play->(sub {
				push @script, 'UPDATE poa.device SET chf = ' . hub_guid($new) . ' WHERE chf = ' . hub_guid($old) . ';';
				my $devices = $model->{device};
				foreach my $meter (grep { ($devices->{$_}{chf} // 0) == $old } keys %$devices)
				{
					$model->place($meter, { %{ $devices->{$meter} }, chf => $new }, $now);
				}
			});
		},
		remove => sub {
			my $meter = $some_meter->();
			return if chance(0.7);
			$play->(sub {
				push @script, 'DELETE FROM poa.device WHERE device = ' . meter_guid($meter) . ';';
				$model->place($meter, undef, $now);
			});
		},
		list => sub {
			my $meter = $some_meter->();
			return if exists $model->{list}{$meter} && chance(0.7);
			$play->(sub {
				push @script, exists $model->{list}{$meter}
				  ? 'DELETE FROM poa.guid_list WHERE guid = ' . meter_guid($meter) . ';'
				  : 'INSERT INTO poa.guid_list VALUES (' . meter_guid($meter) . ');';
				delete $model->{list}{$meter} or $model->{list}{$meter} = 1;
			});
		},
		manufacturer => sub {
			my $name = pick('1063', '118F', '1125');
			if (exists $model->{manufacturer}{$name} && chance(0.1))
			{
				$play->(sub {
					delete $model->{manufacturer}{$name};
					push @script, "DELETE FROM poa.manufacturer WHERE manufacturer = '$name';";
				});
			}
			else
			{
				$set_manufacturer->($name, pick(0, 0, 5 * MINUTE, MICROSECOND),
					pick((30 * MINUTE) x 3, 45 * MINUTE, 0, 25 * HOUR));
			}
		},
		purge => sub {
			my $before = $some_time->();
			return unless chance(0.06);
			$play->(sub {
				return if @saved && !$may_purge;
				$ask->($model->purge_activations($before, $now), 'poa.purge_activations(' . instant($before) . ')');
			});
		},
		switch => sub {
			return unless chance(0.3) || !$model->{enabled};
			$play->(sub {
				$model->{enabled} = !$model->{enabled};
				push @script, 'SET poa_suppress.enabled = ' . ($model->{enabled} ? 'on;' : 'off;');
			});
		},
		zone => sub {
			my $zone = pick('UTC', 'Europe/London', 'America/St_Johns', 'Pacific/Kiritimati');
			$play->(sub { push @script, "SET timezone = '$zone';" });
		},
	};

	# An alert, most often an AD1 near a window.
	my $some_alert = sub {
		my $near = @tracked && chance(0.6) ? $model->{activation}{ pick(@tracked) } : undef;
		my $at =
		  defined $near
		  ? pick($near->{opens_at}, $near->{closes_at}, $near->{opens_at} + int rand 40 * MINUTE)
		  + pick(-1, 0, 0, 1) * MICROSECOND
		  : $some_time->();
		return {
			id => ++$alerts,
			code => pick(('AD1') x 20, qw(8F35 8F36 AD2 ad1 AD AD10), 'AD1 ', '', undef),
			chf => defined $near && chance(0.9) ? $near->{chf} : pick((map { 1 + int rand HUBS } 1 .. 9), undef),
			at => pick(($at) x 40, 'infinity', '-infinity', undef),
			mpxn => pick(sprintf('%02d%011d', rand 100, rand 1e9), '2000012345672', '12345', '200001234567X', undef),
		};
	};

	# One statement that brings one or more alerts to a table.
	my $bring = sub {
		my ($table, $way, @alerts) = @_;
		my $stored = grep { $model->alert($_, $table) } @alerts;
		my $columns = "id, alert_code, chf, $table->{at}, mpxn";

		if ($way eq 'copy')
		{
			push @script, join "\n", "COPY $table->{name} ($columns) FROM stdin;", (
				map {
					my $alert = $_;
					join "\t", map { $_ eq 'NULL' ? '\N' : s/'//gr } $alert->{id}, text($alert->{code}),
					  hub_guid($alert->{chf}), instant($alert->{at}), text($alert->{mpxn})
				} @alerts), '\.';
			return;
		}
		my $rows = join ', ', map {
			sprintf '(%d, %s, %s, %s, %s)', $_->{id}, text($_->{code}), hub_guid($_->{chf}),
			  instant($_->{at}), text($_->{mpxn})
		} @alerts;
		my $insert = "INSERT INTO $table->{name} ($columns) VALUES $rows";
		if ($way eq 'returning')
		{
			$model->{answer}{$step} = $stored;
			push @script, "WITH stored AS ($insert RETURNING 1) INSERT INTO answer"
			  . " SELECT $step, count(*) FROM stored;";
		}
		else
		{
			push @script, "$insert;";
		}
	};
	$arrival = sub {
		my $table = pick(map { $tables{$_} } sort keys %tables);
		my @alerts = map { $some_alert->() } 1 .. pick((1) x 8, 2, 5, 40);
		my $way = pick('copy', ('returning') x 1, ('insert') x 3);
		$play->(sub { $bring->($table, $way, @alerts) });
	};

	my $release = sub {
		my @ids = sort { $a <=> $b } keys %{ $model->{log} };
		my $id = @ids && chance(0.9) ? pick(@ids) : 0;
		$play->(sub {
			$ask->($model->release($id, "because $step"),
				"poa.release(coalesce((SELECT log_id FROM poa.suppression_log"
				  . " WHERE alert->>'id' = '$id'), 0), 'because $step')");
		});
	};

	my $explain = sub {
		my ($hub, $at) = (1 + int rand HUBS, $some_time->());
		$play->(sub {
			my @windows = $model->windows($hub, $at);
			$ask->($model->{enabled} && @windows ? 'true' : 'false',
				'SELECT met FROM poa.explain(' . hub_guid($hub) . ', ' . instant($at) . ") WHERE criterion = 'verdict'");
		});
	};

	# Transactions and savepoints: what is rolled back has not been.
	my $turn = sub {
		my ($level, @lots) = @_;

		if (!@saved)
		{
			push @script, "BEGIN ISOLATION LEVEL $level;";
			$may_purge = $level eq 'READ COMMITTED';
			push @saved, Storable::dclone($model);
		}
		elsif (@saved > 1 && $lots[0] < 0.6)
		{
			my $depth = $#saved;
			my $before = pop @saved;
			if ($lots[1] < 0.4)
			{
				push @script, "ROLLBACK TO s$depth;", "RELEASE s$depth;";
				$model = $before;
			}
			else
			{
				push @script, "RELEASE s$depth;";
			}
		}
		elsif (@saved < 4 && $lots[2] < 0.6)
		{
			push @script, 'SAVEPOINT s' . scalar(@saved) . ';';
			push @saved, Storable::dclone($model);
		}
		elsif ($lots[3] < 0.9)
		{
			push @script, 'COMMIT;';
			@saved = ();
		}
		else
		{
			push @script, 'ROLLBACK;';
			$model = $saved[0];
			@saved = ();
		}
	};
	my $transaction = sub {
		my $level = pick('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');
		my @lots = map { rand } 1 .. 4;
		$play->(sub { $turn->($level, @lots) });
	};

	$set_manufacturer->('1063', 0, 30 * MINUTE);
	$set_manufacturer->('118F', 5 * MINUTE, 30 * MINUTE);
	foreach my $meter (1 .. METERS)
	{
		$place->($meter, { %{ $some_row->() }, type => 'ESME', smets => 2, manufacturer => '1063' });
		next if chance(0.1);
		$play->(sub {
			$model->{list}{$meter} = 1;
			push @script, 'INSERT INTO poa.guid_list VALUES (' . meter_guid($meter) . ');';
		});
	}

	%weight = (
		on_demand => 25, future_dated => 45, redelivered => 10, cancelled => 8,
		outcome => 10, refused => 6, invalid => 1, eligibility => 3);
	my @commands = map { ($_) x $weight{$_} } sort keys %weight;
	while ($commands < COMMANDS || $alerts < ALERTS)
	{
		$step++;
		my $dice = rand;
		if ($dice < 0.45 && $commands < COMMANDS)
		{
			$commands++;
			$command->{ pick(@commands) }->();
		}
		elsif ($dice < 0.88 && $alerts < ALERTS) { $arrival->(); }
		elsif ($dice < 0.94) { $registry->{ pick(sort keys %$registry) }->(); }
		elsif ($dice < 0.955) { $release->(); }
		elsif ($dice < 0.97) { $explain->(); }
		else { $transaction->(); }
	}

	return sub {
		my @chosen = @_ ? @_ : 0 .. $#steps;
		$model = Model->new;
		@saved = ();
		@script = ("SET timezone = 'UTC';", "SET search_path = public;");
		$steps[$_]->() foreach @chosen;
		push @script, 'COMMIT;' if @saved;
		return ($model, join("\n", @script, ''), scalar @steps);
	};
}

###########################################################################
# Comparison.

# Where two sets of rows differ, by their keys: a text, '' where they do not.
sub difference
{
	my ($what, $got, $expected) = @_;
	my @keys =
	  grep { ($got->{$_} // 'missing') ne ($expected->{$_} // 'missing') }
	  sort { $a <=> $b } keys %{ { %$got, %$expected } };

	return '' unless @keys;
	return join "\n", "$what: " . @keys . ' differ', map {
		("  $_: got      " . ($got->{$_} // 'missing'), "  $_: expected " . ($expected->{$_} // 'missing'))
	} grep { defined } @keys[ 0 .. 2 ];
}

# The rows of a query, whose first column is a key, as key => "a|b|c".
sub rows
{
	my ($node, $db, $query) = @_;
	return {
		map { split /\|/, $_, 2 }
		  split /\n/,
		$node->safe_psql($db, "SET timezone = 'UTC'; $query", extra_params => [ '-P', 'null=-' ])
	};
}

sub line { return join '|', map { $_ // '-' } @_; }

# Every AD1 that came, by its id, where it is and what became of it.
my $afterwards = q{
	CREATE VIEW ad1 AS
	SELECT s.*, l.log_id,
		CASE WHEN l.log_id IS NULL THEN coalesce(poa_internal.distributor_of(s.mpxn), (SELECT min(poa_internal.distributor_of(d.mpxn)) FROM poa.device AS d WHERE d.chf = s.chf)) ELSE l.distributor_id END AS distributor_id
	FROM (
		SELECT id, chf, received_at AS at, mpxn FROM alerts WHERE alert_code = 'AD1'
		UNION SELECT id, chf, received_at, mpxn FROM alerts_by_day WHERE alert_code = 'AD1'
		UNION SELECT id, chf, received_at, mpxn FROM alerts_watched WHERE alert_code = 'AD1'
		UNION SELECT id, chf, started_at, NULL FROM outages WHERE alert_code = 'AD1'
		UNION SELECT (alert->>'id')::int, chf, decided_at, mpxn FROM poa.suppression_log
	) AS s LEFT JOIN poa.suppression_log AS l ON (l.alert->>'id')::int = s.id
	WHERE s.at < 'infinity';
	CREATE VIEW held AS
	SELECT DISTINCT i.id FROM ad1 AS i JOIN poa.activation AS a USING (chf)
	WHERE a.status IN ('tracked', 'succeeded') AND i.at BETWEEN a.opens_at AND a.closes_at;
	/* an AD1 and the windows of those that decided it, or could have */
	CREATE FUNCTION would(b interval, a interval) RETURNS TABLE (id int) LANGUAGE sql AS $$
		SELECT DISTINCT i.id FROM ad1 AS i LEFT JOIN poa.suppression_log AS l USING (log_id)
		CROSS JOIN LATERAL (
			SELECT l.activates_at, l.opens_at, l.closes_at WHERE l.log_id IS NOT NULL
			UNION ALL SELECT v.activates_at, v.opens_at, v.closes_at FROM poa.activation AS v WHERE v.activation_id = ANY (l.matched)
			UNION ALL SELECT v.activates_at, v.opens_at, v.closes_at FROM poa.activation AS v
			WHERE v.chf = i.chf AND v.status IN ('tracked', 'succeeded') AND v.received_at <= i.at
		) AS w
		WHERE i.at >= coalesce(w.activates_at - b, w.opens_at) AND i.at <= coalesce(w.activates_at + a, w.closes_at)
	$$;
};
my %laws = (
	# but for what the switch has let through
	'verify' => q{
		SELECT count(*) = 6 AND bool_and(ok OR check_name = 'stored') FROM poa.verify(NULL, NULL)},
	'replay with NULLs' => q{
		SELECT count(*) > 20 AND bool_and(r.suppressed = h.suppressed AND r.would_suppress = h.suppressed AND r.alerts = h.alerts
			AND r.newly_suppressed = 0 AND r.newly_forwarded = 0 AND r.saving = 80 * h.suppressed)
		FROM poa.replay('-infinity', 'infinity') AS r
		FULL JOIN (SELECT coalesce(distributor_id, -1) AS id, count(*) AS alerts, count(log_id) AS suppressed FROM ad1 GROUP BY 1) AS h
			ON h.id = coalesce(r.distributor_id, -1)},
	'replay in parts' => q{
		SELECT bool_and(p = w) FROM (SELECT coalesce(distributor_id, -1) AS id, sum(alerts) || ' ' || sum(suppressed) AS w FROM poa.replay('-infinity', 'infinity') GROUP BY 1) AS w
		FULL JOIN (SELECT coalesce(distributor_id, -1) AS id, sum(alerts) || ' ' || sum(suppressed) AS p
			FROM (VALUES ('-infinity'::timestamptz, '2020-01-02'::timestamptz), ('2020-01-02', '2050-01-01'), ('2050-01-01', 'infinity')) AS v (f, t), poa.replay(f, t) GROUP BY 1) AS p USING (id)},
	'replay with other windows' => q{
		SELECT bool_and(r.now = (SELECT count(*) FROM would(b, a))
			AND r.new = (SELECT count(*) FROM would(b, a) JOIN ad1 USING (id) WHERE log_id IS NULL)
			AND r.gone = (SELECT count(*) FROM ad1 WHERE log_id IS NOT NULL AND id NOT IN (SELECT id FROM would(b, a))))
			AND bool_or(r.new > 10) AND bool_or(r.gone > 10)
		FROM (VALUES ('0'::interval, '5 minutes'::interval), ('1 hour', NULL), ('20 minutes', '20 minutes')) AS w (b, a)
		CROSS JOIN LATERAL (SELECT sum(would_suppress) AS now, sum(newly_suppressed) AS new, sum(newly_forwarded) AS gone FROM poa.replay('-infinity', 'infinity', b, a)) AS r},
	'late activations' => q{
		SELECT count(*) = 0 AND (SELECT count(*) > 10 FROM poa.late_activation('-infinity', 'infinity'))
		FROM (SELECT chf, at, mpxn, count(*) AS n FROM ad1 JOIN held USING (id) WHERE log_id IS NULL GROUP BY 1, 2, 3) AS h
		FULL JOIN (SELECT chf, decided_at, mpxn, count(*) AS n FROM poa.late_activation('-infinity', 'infinity') GROUP BY 1, 2, 3) AS l
			ON l.chf = h.chf AND l.decided_at = h.at AND coalesce(l.mpxn, '') = coalesce(h.mpxn, '')
		WHERE l.n IS DISTINCT FROM h.n},
	'restorations' => q{
		SELECT count(*) = (SELECT count(*) FROM poa.suppression_log) AND count(restored_at) > 10 AND bool_and(coalesce(restored_at >= decided_at, true))
			AND count(restored_at) = count(DISTINCT (chf, restored_at, restoration_code)) FILTER (WHERE restored_at IS NOT NULL)
		FROM poa.restoration('-infinity', 'infinity')},
	# by what was known at t; devices were where poa.device_move has them
	'still dark' => q{
		WITH other AS (SELECT chf, received_at AS at, alert_code FROM alerts UNION ALL SELECT chf, received_at, alert_code FROM alerts_by_day
			UNION ALL SELECT chf, received_at, alert_code FROM alerts_watched UNION ALL SELECT chf, started_at, alert_code FROM outages),
		stay AS (SELECT device, chf, coalesce(lag(until) OVER (PARTITION BY device ORDER BY until), '-infinity') AS since, until FROM poa.device_move
			UNION ALL SELECT device, chf, coalesce((SELECT max(until) FROM poa.device_move AS m WHERE m.device = d.device), '-infinity'), 'infinity' FROM poa.device AS d)
		SELECT bool_and(d.n = (SELECT count(*) FROM poa.suppression_log AS l
			WHERE diverted AND log_id NOT IN (SELECT log_id FROM poa.release_log WHERE released_at <= t) AND closes_at + interval '15 minutes' < t
				AND NOT EXISTS (SELECT FROM other AS o WHERE o.chf = l.chf AND o.alert_code ~ '^[0-9A-F]{4}$' AND o.at > l.decided_at AND o.at <= t)
				AND NOT EXISTS (SELECT FROM poa.sign_of_life AS s WHERE s.seen_at > l.decided_at AND s.seen_at <= t AND (s.guid = l.chf
					OR EXISTS (SELECT FROM stay AS y WHERE y.device = s.guid AND y.chf = l.chf AND s.seen_at > y.since AND s.seen_at <= y.until)))))
			AND bool_or(d.n > 0)
		FROM (VALUES ('2020-01-02'::timestamptz), ('2025-01-01'), (now()), ('2120-01-01')) AS v (t)
		CROSS JOIN LATERAL (SELECT count(*) AS n FROM poa.still_dark(as_of => t)) AS d});

my $node = PostgreSQL::Test::Cluster->new('model');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'Europe/London'");
$node->start;

# Bring a script to a database of its own and compare everything; what differs.
sub differences
{
	my ($db, $model, $script) = @_;
	my @differences;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE world");
	my ($out, $err) = ('', '');
	open my $file, '>', "$PostgreSQL::Test::Utils::tmp_check/$db.sql" or die "$db.sql: $!";
	print $file $script;
	close $file;
	IPC::Run::run(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$PostgreSQL::Test::Utils::tmp_check/$db.sql", '-d', $node->connstr($db) ],
		'>', \$out, '2>', \$err)
	  or return "the script fails: $err";

	# an activation is known to the model by the step that tracked it
	my $answers = rows($node, $db, 'SELECT step, answer FROM answer');
	my %id_of = map { $_ => $answers->{$_} }
	  grep { ($model->{answer}{$_} // '') eq "activation $_" } keys %$answers;
	my @in_order = map { $id_of{$_} } sort { $a <=> $b } keys %id_of;
	push @differences, 'ids are not in the order of arrival' unless "@in_order" eq join ' ', sort { $a <=> $b } @in_order;

	push @differences, difference('answers', $answers,
		{
			map {
				my $answer = $model->{answer}{$_};
				$_ => line(defined $answer && $answer =~ /^activation (.*)/ ? $id_of{$1} : $answer)
			} keys %{ $model->{answer} }
		});
	push @differences, difference('activations',
		rows($node, $db, q{SELECT activation_id, number(device), number(chf), request_id, us(received_at),
			us(activates_at), us(opens_at), us(closes_at), status, regexp_replace(ended_by, '^activation \d+$', 'activation') FROM poa.activation}),
		{
			map {
				($id_of{ $_->{id} } // "step $_->{id}") => line(@$_{
						qw(device chf request_id received_at activates_at opens_at closes_at status)},
					defined $_->{ended_by} ? $_->{ended_by} =~ s/^activation \d+$/activation/r : undef)
			} values %{ $model->{activation} }
		});
	push @differences, difference('stored alerts',
		rows($node, $db, join ' UNION ALL ', map { "SELECT id, '$_' FROM $_" } sort keys %tables),
		$model->{stored});

	push @differences, difference('logged alerts',
		rows($node, $db, q{SELECT alert->>'id', diverted, source_schema, source_table, alert_code,
			number(chf), mpxn, distributor_id, us(decided_at), activation_id, array_to_string(matched, ','),
			number(device), manufacturer, request_id, us(activates_at), us(opens_at), us(closes_at),
			(extract(epoch FROM delay) * 1000000)::bigint,
			alert->>'alert_code', number((alert->>'chf')::guid),
			us(coalesce(alert->>'received_at', alert->>'started_at')::timestamptz)
			FROM poa.suppression_log}),
		{
			map {
				my $row = $model->{log}{$_};
				my $alert = $row->{alert};
				my @matched = map { $id_of{$_} // "step $_" } @{ $row->{matched} };
				$_ => line(
					$row->{diverted}, 'public', $row->{source}, 'AD1',
					$alert->{chf}, @$row{qw(mpxn distributor_id decided_at)},
					$matched[0], join(',', @matched),
					@$row{qw(device manufacturer request_id activates_at opens_at closes_at)},
					$row->{decided_at} - $row->{activates_at},
					$alert->{code}, $alert->{chf}, $alert->{at})
			} keys %{ $model->{log} }
		});
	push @differences, difference('releases',
		rows($node, $db, q{SELECT l.alert->>'id', r.reason, r.released_by = session_user
			FROM poa.release_log AS r JOIN poa.suppression_log AS l USING (log_id)}),
		{ map { $_ => line($model->{released}{$_}, 't') } keys %{ $model->{released} } });
	return join "\n", grep { $_ ne '' } @differences;
}

# The shortest history that still fails: leave out whatever can be left out, in
# ever smaller pieces.  Prints it.
sub shrink
{
	my ($seed, $history) = @_;
	my ($model, $script, $number) = $history->();
	my @steps = 0 .. $number - 1;
	my $tries = 0;
	my $fails = sub {
		my $differences = differences('shrunk' . ++$tries, ($history->(@_))[ 0, 1 ]);
		$node->safe_psql('postgres', "DROP DATABASE shrunk$tries");
		return $differences;
	};

	# first where it fails, then what of that it takes
	my ($good, $bad) = (0, $number);
	while ($bad - $good > 1)
	{
		my $middle = int(($good + $bad) / 2);
		if ($fails->(@steps[ 0 .. $middle - 1 ])) { $bad = $middle; }
		else { $good = $middle; }
	}
	$#steps = $bad - 1;
	for (my $size = int(@steps / 2); $size >= 1 && $tries < 500; $size = int($size / 2))
	{
		for (my $at = @steps - $size; $at > -$size && @steps > 1; $at -= $size)
		{
			my $from = $at < 0 ? 0 : $at;
			my @rest = @steps;
			splice @rest, $from, $at + $size - $from;
			@steps = @rest if @rest && $fails->(@rest);
		}
	}
	my $differences = $fails->(@steps);
	diag("POA_SEED=$seed, " . @steps . " of $number steps:\n" . ($history->(@steps))[1] . $differences);
	return;
}

# One history; with laws where it is long enough for them.
sub try
{
	my $seed = shift;
	my $history = history($seed);
	my ($model, $script) = $history->();
	my $differences = differences("seed$seed", $model, $script);

	is($differences, '', "history $seed: " . join ', ', map { sprintf '%d %s', scalar keys %{ $model->{$_} }, $_ }
		  qw(answer activation stored log released)) or shrink($seed, $history);
	return $differences eq '' ? $model : undef;
}

$node->safe_psql('postgres', 'CREATE DATABASE world');
$node->safe_psql('world', $schema);

my @seeds = $ENV{POA_SEED} ? ($ENV{POA_SEED}) : (1, 20, 300, 4000);
foreach my $seed (@seeds)
{
	my $db = "seed$seed";
	my $model = try($seed) or next;
	my %seen;
	$seen{ $_->{status} }++ foreach values %{ $model->{activation} };
	$seen{ @{ $_->{matched} } > 1 ? 'matches several' : 'matches one' }++ foreach values %{ $model->{log} };
	note(join ', ', map { "$_: $seen{$_}" } sort keys %seen);
	is(scalar keys %seen, 7, 'the history has every status, and alerts in one window and in several')
	  or diag("POA_SEED=$seed");

	# what is said of the history afterwards, against plain questions: each alert has its id
	$node->safe_psql($db, $afterwards);
	is($node->safe_psql($db, $laws{$_}), 't', "$_ holds") or diag("POA_SEED=$seed") foreach sort keys %laws;
}

if (my $seconds = $ENV{POA_SECONDS})
{
	my $end = time + $seconds;
	my $seed = time * 100;
	my $good = 1;
	while ($good && time < $end)
	{
		$good = try(++$seed);
		$node->safe_psql('postgres', "DROP DATABASE seed$seed");
	}
}

# now() stands still within a transaction, so a window can close exactly then.
$node->safe_psql('postgres', "CREATE DATABASE edge");
$node->safe_psql('edge', $schema);
is( $node->safe_psql('edge', q{
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 3) AS n;
	INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', 100::bigint::guid
		FROM generate_series(1, 3) AS n;
	BEGIN;
	DO $$ BEGIN
		PERFORM poa.track_activation(1::bigint::guid, received_at => now() - interval '30 minutes');
		PERFORM poa.track_activation(2::bigint::guid, received_at => now() - interval '30 minutes 1 microsecond');
		PERFORM poa.track_activation(3::bigint::guid, received_at => now() - interval '29 minutes 59.999999 seconds');
		UPDATE poa.device SET chf = 200::bigint::guid;
	END $$;
	COMMIT;
	SELECT device::bigint, chf::bigint FROM poa.activation ORDER BY device;}),
	"1|200\n2|100\n3|200",
	'a window that closes now moves with its meter, one that has closed does not');

done_testing();
