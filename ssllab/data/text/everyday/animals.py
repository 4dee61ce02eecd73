"""What the animals of Everyday English are and do: the part of the `rules` that is about them."""

ANIMALS = """
animal clause =
  86 <animal $k $n> *<tensed $k $n>
   6 yesterday <animal $k $n> *<act $k past>
   4 lately , <animal $k $n> <have $n> been *<act $k ing>
   4 tomorrow <animal $k $n> will *<act $k base>
tensed $k $n =
  56 *<act $k $n> [.12 (<habit>)]
  24 *<act $k past> [.25 yesterday]
  12 <be $n> *<act $k ing> [.15 now]
   5 <have $n> been *<act $k ing> lately
   3 will *<act $k base> tomorrow
animal $k $n =
  74 <det of $k $n> [.38 <look $k>] *<noun $k $n>
  10 the [.25 <look $k>] *<noun $k $n> (<mark $k>)
  12 the *<noun $k $n> (that/PRON *<trait $k $n>)
   4 the *<noun $k $n> , (even though *<adj animal state>) ,
det of bird $n =
  1 <wild det $n>
det of wild $n =
  1 <wild det $n>
det of small $n =
  1 <wild det $n>
det of $k $n =
  1 <det $n>
look cat =
  62 <adj cat coat>
  38 <adj animal>
look dog =
  40 <adj coat>
  60 <adj animal>
look horse =
  40 <adj coat>
  60 <adj animal>
look bird =
  35 <adj plumage>
  65 <adj animal>
look $k =
  1 <adj animal>
mark cat =
  50 with the <adj paws> *paws
  30 with the long *tail
  20 near the *<noun landmark $m>
mark dog =
  35 with the <adj paws> *paws
  25 with the long *ears
  40 near the *<noun landmark $m>
mark $k =
  60 near the *<noun landmark $m>
  40 behind the *<noun shelter $m>
trait cat $n =
  60 *<verb chase $n> (the *<noun small $m>)
  40 *<verb watch $n> (the *<noun bird $m>)
trait dog $n =
  60 *<verb chase $n> (the *<noun cat $m>)
  40 *<verb watch $n> (the *<noun people $m>)
trait wild $n =
  60 *<verb chase $n> (the *<noun small $m>)
  40 *<verb live $n> (near the *<noun water $m>)
trait $k $n =
  60 *<verb live $n> (near the *<noun landmark $m>)
  40 *<verb watch $n> (the *<noun people $m>)
act cat $f =
  52 *<verb sit $f> (<on spot>)
  10 *<verb purr $f> [.5 <softly>]
  14 *<verb chase $f> (<prey cat>)
  12 *<verb watch $f> (<prey cat>)
   8 *<verb drink $f> (<some milk>)
  14 *<verb climb $f> (<climbable>)
act dog $f =
  26 *<verb sit $f> (<on spot>)
  16 *<verb bark $f> [.3 loudly] (at the *<bothered>)
  18 *<verb chase $f> (<prey dog>)
  14 *<verb fetch $f> (the *<noun toy sing>)
  16 *<verb wander $f> (<through outdoors>)
  10 *<verb wait $f> (<at door>)
act bird $f =
  34 *<verb sing $f> [.35 <softly>] (<in tree>)
  30 *<verb fly $f> (over the *<flown over>)
  18 *<verb eat $f> (the *<noun grain plur>)
  18 *<verb sit $f> (on the *<perch>)
act horse $f =
  34 *<verb trot $f> (<through outdoors>)
  26 *<verb eat $f> (the *<noun feed sing>)
  22 *<verb stand $f> (in the *<noun shelter sing>)
  18 *<verb drink $f> (from the *<noun water sing>)
act farm $f =
  40 *<verb eat $f> (the *<noun feed sing>) [.3 (<in outdoors>)]
  30 *<verb sleep $f> (in the *<noun shelter sing>)
  30 *<verb stand $f> (near the *<noun water sing>)
act duck $f =
  55 *<verb swim $f> (across the *<noun water sing>)
  25 *<verb fly $f> (over the *<flown over>)
  20 *<verb eat $f> (the *<noun grain plur>)
act wild $f =
  40 *<verb hunt $f> (<in wild>)
  30 *<verb chase $f> (<prey wild>)
  30 *<verb sleep $f> (<in wild>)
act small $f =
  38 *<verb hop $f> (<through outdoors>)
  34 *<verb eat $f> (the *<noun grain plur>)
  28 *<verb hide $f> (under the *<noun cover sing>)
softly =
  60 softly
  40 beautifully
some milk =
  60 the [.3 warm] *milk
  40 some *milk
prey cat =
  60 <def $m> *<noun small $m>
  40 <def $m> *<noun bird $m>
prey dog =
  65 <def $m> *<noun cat $m>
  35 <def $m> *<noun duck $m>
prey wild =
  70 <def $m> *<noun small $m>
  30 <def $m> *<noun duck $m>
bothered =
  50 <noun cat $m>
  50 <noun people $m>
climbable =
  60 over the *<noun high sing>
  40 into the *<noun box sing>
perch =
  60 <noun twig sing>
  40 <noun high sing>
flown over =
  50 <noun water sing>
  50 <noun outdoors sing>
"""
