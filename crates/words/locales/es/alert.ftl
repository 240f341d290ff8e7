### Español. Imperativo formal (usted), frases cortas.

## Modo

mode-exercise =
    .word = SIMULACRO
    .sentence = Esto es solo un simulacro. No hay peligro real. No actúe por este mensaje.
    .ended-headline = El simulacro ha terminado
    .ended-description = El simulacro ha terminado. No hubo peligro real. Desde ahora, tome como real todo mensaje que no lleve esta palabra.
    .ended-instruction = No tiene que hacer nada.
mode-test =
    .word = PRUEBA
    .sentence = Esto es solo una prueba del sistema. No hay peligro. No actúe por este mensaje.
    .ended-headline = La prueba ha terminado
    .ended-description = La prueba del sistema ha terminado. No hubo peligro. Desde ahora, tome como real todo mensaje que no lleve esta palabra.
    .ended-instruction = No tiene que hacer nada.

## Enlace

list-separator = { ", " }
full-stop = .
sentence-separator = { " " }

## Hora y lugar

clock = { $hour }:{ $minute }
date =
    { $day } de { $number ->
        [1] enero
        [2] febrero
        [3] marzo
        [4] abril
        [5] mayo
        [6] junio
        [7] julio
        [8] agosto
        [9] septiembre
        [10] octubre
        [11] noviembre
       *[12] diciembre
    } de { $year }
date-clock = { $date }, { $clock }
time-utc = { $time } UTC
time-local = { $local } hora local ({ $utc } UTC)
coordinates =
    { $lat }° { $north ->
        [north] N
       *[south] S
    }, { $lon }° { $east ->
        [east] E
       *[west] O
    }
place-named = { $name } ({ $coordinates })

## Clases de mensaje

level-none = Información de tsunami
level-advisory = Aviso de tsunami
level-warning = Alerta de tsunami
level-major = Alerta de gran tsunami
event-tsunami = Tsunami
event-traffic = Incidente de tránsito
event-energy = Perturbación de la red eléctrica
event-limit = Límite de sensor superado
event-officer = Mensaje de seguridad pública

## Magnitudes

quantity-sea-level = Nivel del mar
quantity-water-pressure = Presión del agua
quantity-water-temperature = Temperatura del agua
quantity-speed = Velocidad del tránsito
quantity-occupancy = Ocupación de la vía
quantity-flow = Flujo de tránsito
quantity-travel-time = Tiempo de viaje
quantity-voltage = Tensión eléctrica
quantity-current = Corriente eléctrica
quantity-active-power = Potencia activa
quantity-reactive-power = Potencia reactiva
quantity-apparent-power = Potencia aparente
quantity-power-factor = Factor de potencia
quantity-frequency = Frecuencia de la red
quantity-active-energy = Energía
quantity-acceleration = Aceleración del suelo
quantity-battery-voltage = Tensión de la batería
unit-vehicles-per-hour = vehículos por hora

## Titulares

headline-areas = { $level }: { $areas }
headline-many =
    { $level }: { $count ->
        [one] { $count } zona, { $first }
       *[other] { $count } zonas, de { $first } a { $last }
    }
headline-nowhere = { $level }: no se espera que ninguna zona alcance un nivel de alerta
headline-cancelled = Alerta de tsunami cancelada
headline-limit = { $what }: { $station }
headline-limit-over = { $what }: { $station } - terminado

## Qué ocurrió

earthquake = Ocurrió un sismo de magnitud { $magnitude } el { $when }. Lugar: { $place }, a { $depth } km de profundidad.
no-earthquake = No se conoce ningún sismo que explique las olas. Corresponden a un mismo origen cerca de { $place } (conocido con unos { $km } km de margen), hacia el { $when }.
no-wave-left = No se conoce ningún sismo, y ningún sensor muestra ya una ola.
no-wave-seen = Es posible un tsunami. Ningún sensor ha visto aún una ola.
wave-measured = Se ha medido un tsunami en { $stations }.

## Qué viene

arrival-due = primera ola prevista: { $when }
arrival-now = la primera ola puede haber llegado ya
zone = { $name } - { $level }: { $arrival }, altura en la costa de unos { $middle } m (probablemente entre { $low } y { $high } m).
first-wave-due = Primera ola prevista: { $when }.
first-wave-now = La primera ola puede haber llegado ya.
areas = Zonas: { $areas }.
lifted = Ya no rige para: { $areas }.
nature = La primera ola no suele ser la más alta. Las olas y las corrientes peligrosas pueden seguir durante muchas horas.

## Por qué hay un mensaje nuevo

reason-explained = Actualización: ya se conoce un sismo que explica las olas.
reason-revised = Actualización: se revisó la magnitud o el lugar del sismo.
reason-confirmed = Actualización: el tsunami está confirmado.
reason-unconfirmed = Actualización: las mediciones que habían confirmado el tsunami resultaron no mostrar ninguna ola.
reason-forecast = Actualización: el pronóstico se renovó con alturas medidas.
reason-modelled = Actualización: el pronóstico se renovó con el cálculo completo de la ola.
reason-renewal = Actualización: la alerta sigue vigente.
reason-all-clear = El mar está en calma en todos los sensores que midieron el tsunami. La alerta queda cancelada. Las corrientes pueden seguir siendo fuertes por un tiempo.
reason-no-wave = Ninguna ola llegó a los sensores donde se esperaba. La alerta queda cancelada.
reason-withdrawn = El sismo fue revisado y no puede haber producido un tsunami peligroso. La alerta queda cancelada.

## Qué hacer ahora

instruction-none = No tiene que hacer nada. Siga las noticias de las autoridades locales.
instruction-advisory = Salga del agua ahora. Aléjese de playas, puertos y desembocaduras. No vuelva hasta la cancelación.
instruction-warning = Aléjese de la costa ahora. Vaya tierra adentro o a terreno alto ahora, a pie si puede. Si no hay tiempo, suba a un piso alto de un edificio firme. Quédese allí hasta la cancelación.
instruction-major = Aléjese de la costa ahora. Vaya tan tierra adentro o tan alto como pueda, a pie si puede. Si no hay tiempo, suba a un piso alto de un edificio firme. Quédese allí hasta la cancelación.
instruction-all-clear = Vuelva solo cuando las autoridades locales digan que es seguro. No entre al agua mientras haya corrientes fuertes.
instruction-traffic = Reduzca la velocidad y guarde distancia. Evite el lugar si puede. Obedezca las señales y a la policía.
instruction-energy = Puede cortarse la luz. No se acerque a cables caídos. Apague los aparatos que no necesite.
instruction-limit = Siga las instrucciones de las autoridades locales.
instruction-limit-over = No tiene que hacer nada.
instruction-officer = Siga las instrucciones de las autoridades locales.

## Un límite en una estación

limit-above = más de { $value }
limit-below = menos de { $value }
limit-rate = un cambio de más de { $value }
rate = { $value } por segundo
limit-passed = { $station } midió { $value } el { $when }. Límite para avisar: { $limit }.
limit-over = { $station } volvió a su límite: { $value } el { $when }. Límite para avisar: { $limit }.

## Un mensaje enviado por error

retraction =
    .headline =
        { $event ->
            [tsunami] Enviado por error: nuestro mensaje no significa peligro de tsunami
           *[other] Enviado por error: no haga caso de nuestro mensaje
        }
    .description =
        { $event ->
            [tsunami] El mensaje del { $when } se envió por error. No significa peligro de tsunami.
           *[other] El mensaje del { $when } se envió por error. No significa ningún peligro.
        }
    .instruction =
        { $event ->
            [tsunami] No haga caso de aquel mensaje. Si se alejó de la costa por él, puede volver. Si siente un sismo fuerte o ve que el mar se retira, aléjese de la costa de inmediato.
           *[other] No haga caso de aquel mensaje. No tiene que hacer nada.
        }

## Un mensaje escrito por un oficial: solo el marco es nuestro

officer =
    .description = { $sender } informa el { $when }: { $text }
