### Français. Impératif, vouvoiement, phrases courtes.

## Mode

mode-exercise =
    .word = EXERCICE
    .sentence = Ceci n'est qu'un exercice. Il n'y a pas de danger réel. N'agissez pas à cause de ce message.
    .ended-headline = L'exercice est terminé
    .ended-description = L'exercice est terminé. Il n'y a pas eu de danger réel. À partir de maintenant, tenez pour réel tout message sans ce mot.
    .ended-instruction = Vous n'avez rien à faire.
mode-test =
    .word = ESSAI
    .sentence = Ceci n'est qu'un essai du système. Il n'y a pas de danger. N'agissez pas à cause de ce message.
    .ended-headline = L'essai est terminé
    .ended-description = L'essai du système est terminé. Il n'y a pas eu de danger. À partir de maintenant, tenez pour réel tout message sans ce mot.
    .ended-instruction = Vous n'avez rien à faire.

## Liaison

list-separator = { ", " }
full-stop = .
sentence-separator = { " " }

## Heure et lieu

clock = { $hour } h { $minute }
date =
    { $day } { $number ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    } { $year }
date-clock = { $date }, { $clock }
time-utc = { $time } UTC
time-local = { $local } heure locale ({ $utc } UTC)
coordinates =
    { $lat }° { $north ->
        [north] N
       *[south] S
    }, { $lon }° { $east ->
        [east] E
       *[west] O
    }
place-named = { $name } ({ $coordinates })

## Sortes de message

level-none = Information tsunami
level-advisory = Avis de tsunami
level-warning = Alerte tsunami
level-major = Alerte tsunami majeure
event-tsunami = Tsunami
event-traffic = Incident de circulation
event-energy = Perturbation du réseau électrique
event-limit = Limite de capteur dépassée
event-officer = Message de sécurité publique

## Grandeurs

quantity-sea-level = Niveau de la mer
quantity-water-pressure = Pression de l'eau
quantity-water-temperature = Température de l'eau
quantity-speed = Vitesse de circulation
quantity-occupancy = Occupation de la route
quantity-flow = Débit de circulation
quantity-travel-time = Temps de parcours
quantity-voltage = Tension électrique
quantity-current = Courant électrique
quantity-active-power = Puissance active
quantity-reactive-power = Puissance réactive
quantity-apparent-power = Puissance apparente
quantity-power-factor = Facteur de puissance
quantity-frequency = Fréquence du réseau
quantity-active-energy = Énergie
quantity-acceleration = Accélération du sol
quantity-battery-voltage = Tension de la batterie
unit-vehicles-per-hour = véhicules par heure

## Titres

headline-areas = { $level } : { $areas }
headline-many =
    { $level } : { $count ->
        [one] { $count } zone, { $first }
       *[other] { $count } zones, de { $first } à { $last }
    }
headline-nowhere = { $level } : aucune zone ne devrait atteindre un niveau d'alerte
headline-cancelled = Alerte tsunami levée
headline-limit = { $what } : { $station }
headline-limit-over = { $what } : { $station } - terminé

## Ce qui s'est passé

earthquake = Un séisme de magnitude { $magnitude } s'est produit le { $when }. Lieu : { $place }, à { $depth } km de profondeur.
no-earthquake = On ne connaît aucun séisme qui explique les vagues. Elles correspondent à une même origine près de { $place } (connue à environ { $km } km près), vers le { $when }.
no-wave-left = On ne connaît aucun séisme, et aucun capteur ne montre plus de vague.
no-wave-seen = Un tsunami est possible. Aucun capteur n'a encore vu de vague.
wave-measured = Un tsunami a été mesuré à ces endroits : { $stations }.

## Ce qui arrive

arrival-due = première vague prévue : { $when }
arrival-now = la première vague est peut-être déjà là
zone = { $name } - { $level } : { $arrival }, hauteur à la côte d'environ { $middle } m (probablement entre { $low } et { $high } m).
first-wave-due = Première vague prévue : { $when }.
first-wave-now = La première vague est peut-être déjà là.
areas = Zones : { $areas }.
lifted = N'est plus en vigueur pour : { $areas }.
nature = La première vague n'est souvent pas la plus haute. Des vagues et des courants dangereux peuvent durer de nombreuses heures.

## Pourquoi un nouveau message

reason-explained = Mise à jour : un séisme qui explique les vagues est maintenant connu.
reason-revised = Mise à jour : la magnitude ou le lieu du séisme a été révisé.
reason-confirmed = Mise à jour : le tsunami est confirmé.
reason-unconfirmed = Mise à jour : les mesures qui avaient confirmé le tsunami ne montraient finalement aucune vague.
reason-forecast = Mise à jour : la prévision a été refaite avec les hauteurs mesurées.
reason-modelled = Mise à jour : la prévision a été refaite avec un calcul complet de la vague.
reason-renewal = Mise à jour : l'alerte reste en vigueur.
reason-all-clear = La mer est calme à tous les capteurs qui avaient mesuré le tsunami. L'alerte est levée. Les courants peuvent rester forts quelque temps.
reason-no-wave = Aucune vague n'est arrivée aux capteurs où elle était attendue. L'alerte est levée.
reason-withdrawn = Le séisme a été révisé et ne peut pas avoir produit de tsunami dangereux. L'alerte est levée.

## Que faire maintenant

instruction-none = Vous n'avez rien à faire. Suivez les informations des autorités locales.
instruction-advisory = Sortez de l'eau maintenant. Éloignez-vous des plages, des ports et des embouchures. Ne revenez pas avant la fin de l'alerte.
instruction-warning = Quittez le rivage maintenant. Allez vers l'intérieur des terres ou en hauteur maintenant, à pied si vous le pouvez. Si le temps manque, montez à un étage élevé d'un bâtiment solide. Restez-y jusqu'à la fin de l'alerte.
instruction-major = Quittez le rivage maintenant. Allez aussi loin dans les terres ou aussi haut que possible, à pied si vous le pouvez. Si le temps manque, montez à un étage élevé d'un bâtiment solide. Restez-y jusqu'à la fin de l'alerte.
instruction-all-clear = Ne revenez que lorsque les autorités locales disent que c'est sûr. Restez hors de l'eau tant que les courants sont forts.
instruction-traffic = Ralentissez et gardez vos distances. Évitez cet endroit si vous le pouvez. Respectez la signalisation et la police.
instruction-energy = Le courant peut être coupé. N'approchez pas des câbles tombés. Éteignez les appareils dont vous n'avez pas besoin.
instruction-limit = Suivez les instructions des autorités locales.
instruction-limit-over = Vous n'avez rien à faire.
instruction-officer = Suivez les instructions des autorités locales.

## Une limite à une station

limit-above = plus de { $value }
limit-below = moins de { $value }
limit-rate = une variation de plus de { $value }
rate = { $value } par seconde
limit-passed = { $station } a mesuré { $value } le { $when }. Limite d'alerte : { $limit }.
limit-over = { $station } est revenu dans sa limite : { $value } le { $when }. Limite d'alerte : { $limit }.

## Un message envoyé par erreur

retraction =
    .headline =
        { $event ->
            [tsunami] Envoyé par erreur : notre message n'annonce aucun danger de tsunami
           *[other] Envoyé par erreur : ne tenez pas compte de notre message
        }
    .description =
        { $event ->
            [tsunami] Le message du { $when } a été envoyé par erreur. Il n'annonce aucun danger de tsunami.
           *[other] Le message du { $when } a été envoyé par erreur. Il n'annonce aucun danger.
        }
    .instruction =
        { $event ->
            [tsunami] Ne tenez pas compte de ce message-là. Si vous avez quitté le rivage à cause de lui, vous pouvez revenir. Si vous sentez un fort séisme ou si vous voyez la mer se retirer, quittez le rivage aussitôt.
           *[other] Ne tenez pas compte de ce message-là. Vous n'avez rien à faire.
        }

## Un message écrit par un agent : seul le cadre est de nous

officer =
    .description = { $sender } communique le { $when } : { $text }
