"""The rules of Everyday English, in the notation of `notation`.

``$k`` is a kind of animal, ``$r`` what a person does, ``$t`` a kind of thing, ``$c`` what is judged; ``$n`` and ``$m`` are
numbers; ``$g`` is who a sentence speaks of (he, she, they, we, I), which fixes number, pronouns and owners; ``$f`` is a
form of a verb. A rule that is asked for ``he`` and is not there stands under ``sing``, for ``they`` under ``plur``.
"""

from ssllab.data.text.everyday.animals import ANIMALS

DOMAINS: dict[str, dict[str, float]] = {
    "$n": {"sing": 66, "plur": 34},
    "$m": {"sing": 50, "plur": 50},
    "$k": {"cat": 24, "dog": 18, "bird": 14, "horse": 11, "farm": 11, "wild": 8, "duck": 7, "small": 7},
    "$r": {"people": 50, "grower": 16, "cook": 12, "scholar": 12, "artist": 10},
    "$g": {"he": 38, "she": 38, "they": 24},
    "$t": {"ride": 50, "ware": 30, "reading": 20},
}
# what else an argument may be looked up as
ALIASES = {"he": "sing", "she": "sing", "they": "plur", "we": "plur", "I": "plur"}

_RULES = """
sentence =
  25 *<animal clause> .
  24 *<person clause> .
   8 *<weather clause> .
  14 *<opinion> <stop>
   8 *<thing clause> .
   5 *<there clause> .
  10 *<fact> .
   6 *<joined clauses> .
stop =
  72 .
  28 !

# ------------------------------------------------------------------ words of grammar
det sing =
  62 the
  14 a
   7 this/DET
   6 my
   4 every
   4 our
   3 that/DET
det plur =
  58 the
  10 two
   9 these
   7 many
   6 some
   5 three
   5 our
wild det sing =
  70 the
  20 a
   6 this/DET
   4 every
wild det plur =
  66 the
  12 two
  10 these
  12 many
def sing =
  80 the
  20 a
def plur =
  85 the
  15 some
be sing =
  1 is
be plur =
  1 are
be I =
  1 am
cop sing =
  55 is
  45 was
cop plur =
  55 are
  45 were
exist sing =
  65 is/VERB
  35 was/VERB
exist plur =
  65 are/VERB
  35 were/VERB
have sing =
  1 has
have plur =
  1 have
own he =
  1 his
own she =
  1 her
own they =
  1 their
own we =
  1 our
own I =
  1 my
self he =
  1 himself
self she =
  1 herself
self they =
  1 themselves
self we =
  1 ourselves
self I =
  1 myself
pronoun he =
  1 he
pronoun she =
  1 she
pronoun they =
  1 they
habit =
  45 every *<noun part sing>
  30 at *night
  25 in the *<noun part sing>

# ------------------------------------------------------------------ places
on spot =
  24 on the *<noun sunny sing>
  24 on the sunny *<noun sunny sing>
  12 on the <adj surface> *<noun sunny sing>
  22 on the *<noun cosy sing>
  10 on the <adj cosy> *<noun cosy sing>
   8 under the *<noun cover sing>
in outdoors =
  1 in the [.3 <adj outdoors>] *<noun outdoors sing>
in indoors =
  1 in the [.3 <adj indoors>] *<noun indoors sing>
through outdoors =
  70 through the [.3 <adj outdoors>] *<noun outdoors sing>
  30 across the *<noun way sing>
in wild =
  70 in the [.4 <adj outdoors>] *forest
  30 near the [.4 <adj water>] *<noun water sing>
in tree =
  60 in the *<noun tree sing>
  40 in the *<noun outdoors sing>
at door =
  70 at the *door
  30 at the *<noun landmark sing>
by seat =
  60 on the [.3 <adj surface>] *<noun seat sing>
  40 in the *<noun green sing>
in city =
  1 in *<city>

# ------------------------------------------------------------------ people
person clause =
  74 <someone $r $g> *<does $r $g>
   5 we *<does people we>
   7 I *<does people I>
   6 yesterday <someone $r $g> *<deed $r past $g>
   4 lately , <someone $r $g> <have $g> been *<deed $r ing $g>
   4 tomorrow <someone $r $g> will *<deed $r base $g>
someone people he =
  40 <name he>
  26 <person noun man sing>
  14 my *<noun kinsman sing>
  20 he
someone people she =
  40 <name she>
  26 <person noun woman sing>
  14 my *<noun kinswoman sing>
  20 she
someone people they =
  25 they
  45 <person noun people plur>
  15 <person noun woman plur>
  15 <person noun man plur>
someone $r $g =
  1 <person noun $r $g>
person noun $r $g =
  76 <det $g> [.25 <adj person>] *<noun $r $g>
  18 the *<noun $r $g> (who *<habit of $r $g>)
   6 the *<noun $r $g> , (even though *<adj person state>) ,
habit of $r $g =
  40 *<home $r $g> (<in city>)
  35 *<verb feed $g> (the *<noun farm plur>)
  25 *<verb help $g> (the *<noun people $m>)
does $r $g =
  52 *<deed $r $g $g> [.1 (<habit>)]
  28 *<deed $r past $g> [.25 yesterday]
  11 <be $g> *<deed $r ing $g> [.15 now]
   6 <have $g> been *<deed $r ing $g> lately
   3 will *<deed $r base $g> tomorrow
   8 *<settled $r $g>
   4 *<settled $r past>
home people $f =
  1 <verb live $f>
home $r $f =
  1 <verb reside $f>
settled $r $f =
  60 *<home $r $f> (<in city>)
  40 *<verb eat $f> (<food>) (for *<noun meal sing>)
deed people $f $g =
  1 <common deed $f $g>
deed $r $f $g =
  45 <common deed $f $g>
  55 <craft $r $f $g>
common deed $f $g =
  14 *<verb read $f> (<own or a $g> [.25 <adj reading>] *<noun reading sing>) [.25 (<in indoors>)]
  11 *<verb wander $f> (<through outdoors>) [.25 (with <own $g> *<noun dog $n>)]
  10 *<verb visit $f> (<own $g> *<kin>) [.5 (<in city>)]
   8 *<verb eat $f> (<food>)
   7 *<verb drink $f> (<own or a $g> *<noun drink sing>)
   5 *<verb feed $f> (<own or a $g> *<noun pet sing>)
   3 *<verb feed $f> (<own or the $g> *<noun pet plur>)
   7 *<verb sit $f> (<by seat>)
   6 *<verb play $f> (<game>)
   5 *<verb wait $f> (for <own $g> *<noun transport sing>)
   5 *<verb wash $f> (<self $g>)
   4 *<verb write $f> (a [.25 <adj reading>] *letter) (to <own $g> *<noun kin sing>)
   5 *<verb buy $f> (<def $n> *<noun ware $n>) (at the *market)
craft cook $f $g =
  34 *<verb bake $f> (the *<noun baked sing>) [.3 (in <own $g> *kitchen)]
  26 *<verb make $f> (the *<noun made sing>) [.3 (in <own $g> *kitchen)]
  40 *<verb serve $f> (the *<noun dish sing>) (to the *<noun people plur>)
craft grower $f $g =
  50 *<verb feed $f> (<own or the $g> *<noun farm plur>)
  30 *<verb grow $f> (the *<noun fruit plur>) [.4 (<in outdoors>)]
  20 *<verb give $f> (the *<noun horse $n>) (some *<noun feed sing>)
craft scholar $f $g =
  50 *<verb teach $f> (the *<noun people plur>) [.4 (<in indoors>)]
  50 *<verb write $f> (a [.3 <adj reading>] *<noun reading sing>)
craft artist $f $g =
  50 *<verb paint $f> (<def $n> *<noun painted $n>)
  50 *<verb dance $f> (for <own $g> *<noun people plur>)
kin =
  72 <noun kin sing>
  28 <noun sibling plur>
own or a $g =
  55 <own $g>
  30 the
  15 a
own or the $g =
  60 <own $g>
  40 the
food =
  50 the [.25 <adj food>] *<noun dish sing>
  20 some *<noun dish sing>
  30 <def $n> [.3 <adj fruit>] *<noun fruit $n>
game =
  45 football
  30 chess
  25 the *piano

# ------------------------------------------------------------------ things, and what there is
thing clause =
  1 <thing $t $n> *<state of $t $n>
thing $t $n =
  58 <det $n> [.3 <adj thing>] *<noun $t $n>
  14 the *<noun $t $n> (near the *<noun landmark $m>)
  14 the *<noun $t $n> (that/PRON (the *<noun grower $m>) *bought)
  14 the *<noun $t $n> , (even though [.15 very] *<worn $t>) ,
worn reading =
  1 <adj reading>
worn $t =
  1 <adj thing state>
state of ride $n =
  40 <cop $n> *<adj thing colour>
  14 <cop $n> in good *shape @positive
   6 <cop $n> in bad *shape @negative
  20 *<verb park $n> (behind the *<noun shelter sing>)
  20 *<verb belong $n> (to my *<noun kin sing>)
state of ware $n =
  45 <cop $n> *<adj thing colour>
  30 *<verb belong $n> (to my *<noun kin sing>)
  25 *<verb come $n> (from *<city>)
state of reading $n =
  50 *<verb lie $n> (on the *<noun cosy sing>)
  50 *<verb belong $n> (to my *<noun kin sing>)
there clause =
  60 there/PRON *<exist $n> (<some of $n> [.3 <look $k>] *<noun $k $n>) (<somewhere>)
  25 there/PRON *<exist $n> (<some of $n> [.3 <adj thing colour>] *<noun ride $n>) (near the *<noun landmark sing>)
  15 there/PRON *<exist $n> (<some of $n> *<noun people $n>) (<in indoors>)
some of sing =
  1 a
some of plur =
  45 two
  30 some
  25 many
somewhere =
  60 in the [.3 <adj outdoors>] *<noun outdoors sing>
  40 near the *<noun landmark sing>

# ------------------------------------------------------------------ weather
weather clause =
  15 it *<verb rain sing> [.5 (<in city>)]
   3 it *rains (in the *<noun season sing>)
   2 it *snows (in the *winter)
  18 it *<verb rain past> [.5 (<in city>)] [.35 yesterday]
  10 it is *<verb rain ing> [.5 (<in city>)] [.3 now]
   6 yesterday it *<verb rain past> [.5 (<in city>)]
   5 tomorrow it will *<verb rain base> [.5 (<in city>)]
  16 (the *weather [.4 (<in city>)]) <cop sing> [.2 very] *<adj weather> [.25 (and *<adj also weather>)]
   7 lately , (the *weather) has been *<adj weather>
   8 *<sky event sing>
   6 *<sky event past> [.4 yesterday]
sky event $f =
  40 (the *sun) *<verb shine $f> (on the *<noun sunny sing>)
  35 (the *wind) *<verb blow $f> (through the *<noun outdoors sing>)
  25 (the *snow) *<verb fall $f> (on the *<noun high sing>)

# ------------------------------------------------------------------ opinions
opinion =
  22 (<this sing> [.2 <adj food>] *<noun dish sing>) <cop sing> *<judged food>
  14 (<this $n> *<noun thing $n>) <cop $n> *<judged thing>
  12 (<this sing> *<noun outdoors sing>) <cop sing> *<judged place>
  12 (the *<noun $r $n>) <cop $n> *<judged person>
  10 (the *weather [.3 (<in city>)]) <cop sing> *<judged weather>
   6 what/DET a <adj good day> *<day or so> @positive
   4 what/DET a <adj bad day> *<day or so> @negative
   8 <fan $g> *<verb love $g> (<liked>) @positive
   5 <fan $g> *<verb hate $g> (<liked>) @negative
   4 I *<verb love I> (<liked>) @positive
   3 I *<verb hate I> (<liked>) @negative
   8 <fan $g> *<verb think $g> (that/SCONJ (the *<noun dish sing>) is *<judged food>)
this sing =
  50 the
  30 this/DET
  20 my
this plur =
  55 the
  35 these
  10 my
day or so =
  50 day
  30 <noun part sing>
  20 week
fan he =
  1 <name he>
fan she =
  1 <name she>
fan they =
  1 the *<noun people plur>
liked =
  35 this/DET *<noun dish sing>
  25 this/DET *<noun outdoors sing>
  20 the *weather
  20 *<city>
judged $c =
  44 [.35 <so>] *<adj good $c> @positive
   8 *<adj good $c> (and *<adj also good>) @positive
   6 not *<adj bad $c> @positive
  28 [.35 <so>] *<adj bad $c> @negative
   6 *<adj bad $c> (and *<adj also bad>) @negative
   8 not *<adj good $c> @negative
so =
  60 really
  40 so

# ------------------------------------------------------------------ two clauses
joined clauses =
  30 *<short animal> , (and *<short animal>)
  16 *<short person> , (but *<short animal>)
  22 (when *<weather now>) , *<short animal>
  12 <someone people $g> *<verb eat $g> (<food>) (because <pronoun $g> <be $g> *hungry)
  10 <someone people $g> *<verb sit $g> (<by seat>) (because <pronoun $g> <be $g> [.2 very] *tired)
  10 <someone people $g> *<verb drink $g> (some *<noun hot sing>) (because <pronoun $g> <be $g> [.2 very] *cold)
short animal =
  1 (the *<noun $k $n>) *<brief $k $n>
brief cat $n =
  60 *<verb sit $n> (on the *<noun cosy sing>)
  40 *<verb purr $n>
brief dog $n =
  55 *<verb bark $n>
  45 *<verb sleep $n>
brief bird $n =
  60 *<verb sing $n>
  40 *<verb fly $n>
brief $k $n =
  60 *<verb sleep $n>
  40 *<verb stand $n> (near the *<noun water sing>)
short person =
  1 <fan $g> *<verb read $g> (the *<noun reading sing>)
weather now =
  70 it *<verb rain sing>
  30 (the *sun) *<verb shine sing>
"""

RULES = _RULES + ANIMALS
